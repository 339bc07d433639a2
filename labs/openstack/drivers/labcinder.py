"""A cinder back end that keeps no data: volumes are rows, capacity is made up."""
import io

from cinder import interface
from cinder.volume import driver


@interface.volumedriver
class LabVolumeDriver(driver.VolumeDriver):
    VERSION = "1.0"
    CAPACITY_GB = 500000

    def do_setup(self, context):
        self.used = {}

    def check_for_setup_error(self):
        pass

    def _update_volume_stats(self):
        name = self.configuration.safe_get("volume_backend_name")
        used = sum(self.used.values())
        self._stats = {
            "volume_backend_name": name, "vendor_name": "Lab", "driver_version": self.VERSION,
            "storage_protocol": "iSCSI",
            "pools": [{"pool_name": name, "total_capacity_gb": self.CAPACITY_GB,
                       "free_capacity_gb": self.CAPACITY_GB - used, "allocated_capacity_gb": used,
                       "provisioned_capacity_gb": used, "reserved_percentage": 0,
                       "max_over_subscription_ratio": 10.0, "thin_provisioning_support": True,
                       "multiattach": True, "QoS_support": True, "location_info": "lab:" + name}]}

    def _note(self, volume):
        self.used[volume.id] = volume.size

    def create_volume(self, volume):
        self._note(volume)

    def create_volume_from_snapshot(self, volume, snapshot):
        self._note(volume)

    def create_cloned_volume(self, volume, src_vref):
        self._note(volume)

    def clone_image(self, context, volume, image_location, image_meta, image_service):
        self._note(volume)
        return {}, True

    def copy_image_to_volume(self, context, volume, image_service, image_id, **kwargs):
        pass

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        image_service.update(context, image_meta["id"], {}, io.BytesIO(b"\0" * 65536))

    def delete_volume(self, volume):
        self.used.pop(volume.id, None)

    def create_snapshot(self, snapshot):
        pass

    def delete_snapshot(self, snapshot):
        pass

    def revert_to_snapshot(self, context, volume, snapshot):
        pass

    def extend_volume(self, volume, new_size):
        self.used[volume.id] = new_size

    def retype(self, context, volume, new_type, diff, host):
        return True, None

    def migrate_volume(self, context, volume, host):
        return True, None

    def update_migrated_volume(self, context, volume, new_volume, original_volume_status):
        return {"_name_id": None}

    def ensure_export(self, context, volume):
        self._note(volume)

    def create_export(self, context, volume, connector):
        pass

    def remove_export(self, context, volume):
        pass

    def initialize_connection(self, volume, connector):
        return {"driver_volume_type": "iscsi",
                "data": {"target_discovered": False, "target_portal": "127.0.0.1:3260",
                         "target_iqn": "iqn.2010-10.org.openstack:volume-%s" % volume.id,
                         "target_lun": 1, "volume_id": volume.id}}

    def terminate_connection(self, volume, connector, **kwargs):
        pass
