"""The few places where the lab changes the code of a service, each with its reason."""
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def before_import(project):
    if project == "nova":
        # nova loads virt drivers from the package nova.virt only
        import nova.virt
        nova.virt.__path__.append(os.path.join(HERE, "nova_virt"))


def skip_provider_tree_allocations():
    # This nova asks placement for the allocations of every guest on the host at each
    # claim, one request per guest. They only matter for reshapes and PCI, which the
    # simulated hosts have not, and they make building N servers cost N squared.
    from nova.scheduler.client import report
    report.SchedulerReportClient.get_allocations_for_provider_tree = lambda self, context, nodename: {}


def accept_stripped_context():
    # bookworm's oslo.messaging hands notifiers a context without read_deleted, which
    # this cinder refuses: without this, whatever notifies answers 500.
    from cinder import context
    plain = context.RequestContext.from_dict.__func__

    def from_dict(cls, values):
        return plain(cls, dict(values, read_deleted=values.get("read_deleted") or "no"))

    context.RequestContext.from_dict = classmethod(from_dict)


def after_fork(module):
    """what to change in the process that runs this module"""
    if module == "nova.cmd.compute":
        return [skip_provider_tree_allocations]
    if module.startswith("cinder."):
        return [accept_stripped_context]
    return []
