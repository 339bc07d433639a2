"""A simulated hypervisor: nova's in-tree fake driver with sizes from the
environment, guests that survive a restart of nova-compute, power states that
follow pause/suspend, and snapshots that really arrive in glance."""
import io
import os

from nova.compute import power_state
from nova.compute import task_states
from nova.image import glance
from nova.virt import fake


class LabDriver(fake.FakeLiveMigrateDriver):
    vcpus = int(os.environ.get("LAB_HOST_VCPUS", 128))
    memory_mb = int(os.environ.get("LAB_HOST_RAM_MB", 4194304))
    local_gb = int(os.environ.get("LAB_HOST_DISK_GB", 100000))

    def _guest(self, instance, state=power_state.RUNNING):
        guest = self.instances.get(instance.uuid)
        if guest is None:
            flavor = instance.flavor
            self.resources.claim(vcpus=flavor.vcpus, mem=flavor.memory_mb, disk=flavor.root_gb)
            guest = fake.FakeInstance(instance.name, state, instance.uuid)
            self.instances[instance.uuid] = guest
        return guest

    def _set(self, instance, state):
        self._guest(instance).state = state

    def resume_state_on_host_boot(self, context, instance, network_info, block_device_info=None):
        for vif in network_info or []:
            self._interfaces[vif["id"]] = vif
        self._set(instance, power_state.RUNNING)

    def power_on(self, context, instance, network_info, block_device_info=None, accel_info=None):
        self._set(instance, power_state.RUNNING)

    def power_off(self, instance, timeout=0, retry_interval=0):
        self._set(instance, power_state.SHUTDOWN)

    def pause(self, instance):
        self._set(instance, power_state.PAUSED)

    def unpause(self, instance):
        self._set(instance, power_state.RUNNING)

    def suspend(self, context, instance):
        self._set(instance, power_state.SHUTDOWN)

    def resume(self, context, instance, network_info, block_device_info=None):
        self._set(instance, power_state.RUNNING)

    def rescue(self, context, instance, network_info, image_meta, rescue_password, block_device_info):
        self._set(instance, power_state.RUNNING)

    def unrescue(self, context, instance):
        self._set(instance, power_state.RUNNING)

    def detach_interface(self, context, instance, vif):
        # the in-tree driver forgets interfaces it did not plug itself
        self._interfaces.pop(vif["id"], None)

    def detach_volume(self, context, connection_info, instance, mountpoint, encryption=None):
        self._mounts.get(instance.name, {}).pop(mountpoint, None)

    def snapshot(self, context, instance, image_id, update_task_state):
        update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
        update_task_state(task_state=task_states.IMAGE_UPLOADING,
                          expected_state=task_states.IMAGE_PENDING_UPLOAD)
        glance.API().update(
            context, image_id,
            {"status": "active", "disk_format": "raw", "container_format": "bare",
             "properties": {"image_location": "snapshot", "image_state": "available",
                            "owner_id": instance.project_id}},
            io.BytesIO(b"\0" * 65536), purge_props=False)
