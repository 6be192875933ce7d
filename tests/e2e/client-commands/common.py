"""Commands that speak with several services at once."""
from client import something


def calls(admin, work):
    what_is_there(admin)
    quotas(admin)


def what_is_there(admin):
    admin.do("command list --group openstack.image", shows=lambda reply: "image create" in reply.text)
    admin.do("module list", shows=lambda reply: "openstackclient" in reply.json)
    admin.do("configuration show --mask", shows={"auth.username": "admin", "auth.password": "<redacted>", "region_name": "RegionOne"})
    admin.do("versions show --service compute", shows={"Service Type": "compute", "Status": "CURRENT", "Max Microversion": something})
    admin.do("availability zone list --compute", shows={"Zone Name": "nova", "Zone Status": "available"})
    admin.do("availability zone list --network", shows={"Zone Name": something, "Zone Status": "available"})
    admin.do("extension list --network", shows={"Alias": "router"})
    admin.do("extension show router", shows={"alias": "router", "name": something})


def quotas(admin):
    admin.run("project create shed")
    admin.do("quota show --default shed", shows={"cores": something, "routers": something})
    admin.do("quota set shed --cores 7 --ports 9 --key-pairs 3", then=("quota show shed", {"ports": 9, "cores": 7, "key-pairs": 3}))
    admin.do("quota show shed", shows={"cores": 7, "project": something})
    shed = admin.run("project show shed")["id"]
    admin.do("quota list --compute", shows={"Project ID": shed, "Cores": 7})
    admin.do("quota list --network", shows={"Project ID": shed, "Ports": 9})
    admin.do("limits show --absolute --project shed", shows={"Name": "maxTotalCores", "Value": 7})
    admin.do("project purge --project shed", gone="project show shed")
