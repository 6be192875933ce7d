"""What servers are made of and run on; the lives of a server itself stand in servers.py."""
import servers
from client import has, lacks, something, without


def calls(admin, work):
    flavors(admin)
    keypairs(admin, work)
    groups(admin)
    aggregates(admin)
    machines(admin)
    servers.calls(admin, work)
    usage(admin)


def flavors(admin):
    admin.do("flavor create small --id small --ram 256 --disk 1 --vcpus 1 --private --property hw:cpu_policy=shared --description little",
             then=("flavor show small", {"ram": 256, "disk": 1, "vcpus": 1, "os-flavor-access:is_public": False, "description": "little",
                                         "properties": {"hw:cpu_policy": "shared"}}))
    admin.do("flavor list --private", shows={"Name": "small", "RAM": 256})
    admin.run("project create tenant")
    tenant = admin.run("project show tenant")["id"]
    admin.do("flavor set small --project tenant --property quota:vif_outbound_average=100 --description tiny",
             then=("flavor show small", {"access_project_ids": [tenant], "properties": has("quota:vif_outbound_average"),
                                         "description": "tiny"}))
    admin.do("flavor unset small --project tenant --property quota:vif_outbound_average",
             then=("flavor show small", {"access_project_ids": lambda those: not those,
                                         "properties": without("quota:vif_outbound_average")}))
    admin.do("flavor show small", shows={"id": "small", "name": "small", "swap": 0})
    admin.do("flavor delete small", gone="flavor show small")
    admin.run("project delete tenant")


def keypairs(admin, work):
    # From 2.92 on a key pair is made by the client, which this one can't do yet.
    admin.but("--os-compute-api-version 2.91").do(f"keypair create made --private-key {work}/made",
                                                  shows={"name": "made", "fingerprint": something},
             then=lambda: _assert("PRIVATE KEY" in (work / "made").read_text(), "there is no private key in the file"))
    admin.do("keypair list", shows={"Name": "made", "Fingerprint": something})
    admin.do("keypair show made", shows={"name": "made", "type": "ssh"})
    admin.do("keypair delete made", gone="keypair show made")


def groups(admin):
    admin.do("server group create herd --policy anti-affinity", then=("server group show herd", {"policy": "anti-affinity", "members": []}))
    admin.do("server group list", shows={"Name": "herd", "Policy": "anti-affinity"})
    admin.do("server group show herd", shows={"id": something, "project_id": something})
    admin.do("server group delete herd", then=("server group list", lacks(Name="herd")))


def aggregates(admin):
    host = admin.run("hypervisor list").json[0]["Hypervisor Hostname"]
    admin.do("aggregate create shelf --zone attic --property pinned=true",
             then=("aggregate show shelf", {"availability_zone": "attic", "properties": has("pinned"), "hosts": []}))
    admin.do("aggregate list", shows={"Name": "shelf", "Availability Zone": "attic"})
    admin.do("aggregate set shelf --name rack --property cooled=true",
             then=("aggregate show rack", {"properties": has("pinned", "cooled")}), gone="aggregate show shelf")
    admin.do("aggregate unset rack --property pinned", then=("aggregate show rack", {"properties": without("pinned")}))
    admin.do("aggregate show rack", shows={"id": something, "name": "rack"})
    admin.do(f"aggregate add host rack {host}",
             then=[("aggregate show rack", {"hosts": [host]}), ("availability zone list --compute", {"Zone Name": "attic"})])
    admin.do(f"aggregate remove host rack {host}",
             then=[("aggregate show rack", {"hosts": []}), ("availability zone list --compute", lacks(**{"Zone Name": "attic"}))])
    admin.do("aggregate cache image rack tiny", refused="none is fetched before", then=("aggregate show rack", {"name": "rack"}))
    admin.do("aggregate delete rack", gone="aggregate show rack")


def machines(admin):
    host = admin.do("hypervisor list", shows={"State": "up"}).json[0]["Hypervisor Hostname"]
    admin.do(f"hypervisor show {host}", shows={"hypervisor_hostname": host, "state": "up", "status": "enabled", "hypervisor_type": "QEMU"})
    old = admin.but("--os-compute-api-version 2.42")
    old.do("host list", shows={"Host Name": host, "Service": "compute"})
    old.do(f"host set {host} --disable", then=("compute service list", {"Host": host, "Status": "disabled"}))
    old.do(f"host set {host} --enable", then=("compute service list", {"Host": host, "Status": "enabled"}))
    old.do(f"host set {host} --enable-maintenance", refused="HTTP 501")
    old.do(f"host show {host}", shows={"Host": host, "Project": "(total)", "CPU": something})
    old.do("hypervisor stats show", shows={"count": 1, "vcpus": something, "memory_mb": something})
    admin.do("compute service list", shows={"Binary": "nova-compute", "Host": host, "State": "up", "Status": "enabled"})
    admin.do(f"compute service set {host} nova-compute --disable --disable-reason dust",
             then=("compute service list --long", {"Host": host, "Status": "disabled", "Disabled Reason": "dust"}))
    admin.run(f"compute service set {host} nova-compute --enable")
    live = admin.run("compute service list --service nova-compute").json[0]["ID"]
    admin.do(f"compute service delete {live}", refused="Failed to delete compute service", then=("compute service list", {"ID": live, "State": "up"}))
    # Agents inside guests of another hypervisor: the API has given them up.
    old.do("compute agent list", refused="HTTP 410")
    old.do("compute agent create linux x86_64 1.0 https://x.example.org/agent 0123456789abcdef0123456789abcdef kvm", refused="HTTP 410")
    old.do("compute agent set 1 --agent-version 1.1", refused="HTTP 410")
    old.do("compute agent delete 1", refused="Failed to delete agent")
    admin.wait("compute service list", {"Host": host, "Status": "enabled"}, 0)


def usage(admin):
    project = admin.run("project show admin")["id"]
    admin.do("usage list", shows={"Project": project, "Servers": something})
    admin.do("usage show --project admin",
             shows={"Servers": something, "CPU Hours": something, "Project": lambda shown: shown in ("admin", project, None)})


def _assert(truth, reason):
    if not truth:
        raise AssertionError(reason)
