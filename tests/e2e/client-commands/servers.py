"""The lives of a server: one guest boots to the end and is reached by ssh; what needs no running guest happens while it is stopped."""
import subprocess

from client import has, something, without

BOOT_SECONDS_MAX = 120
CHANGE_SECONDS_MAX = 60


def calls(admin, work):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(work / "key")], check=True, stdin=subprocess.DEVNULL)
    external = admin.run("network list --external").json[0]["Name"]
    for line in ("network create track",
                 "subnet create track --network track --subnet-range 10.70.0.0/24",
                 f"router create track --external-gateway {external}",
                 "router add subnet track track",
                 "network create siding",
                 "subnet create siding --network siding --subnet-range 10.71.0.0/24",
                 "security group create open",
                 "security group rule create open --protocol tcp --dst-port 22",
                 f"keypair create rider --public-key {work}/key.pub",
                 "flavor create narrow --id narrow --ram 192 --disk 1 --vcpus 1",
                 "flavor create wide --id wide --ram 256 --disk 1 --vcpus 1"):
        admin.run(line)
    admin.do("server create horse --image tiny --flavor narrow --network track --key-name rider --security-group open "
             "--property coat=brown --tag fast --description first", shows={"name": "horse", "status": "BUILD"},
             then=("server show horse", {"status": "ACTIVE", "tags": ["fast"]}), within=BOOT_SECONDS_MAX)
    words(admin)
    running(admin, work, external)
    interfaces(admin)
    stopped(admin)
    copies(admin)
    admin.do("server delete horse --wait", gone="server show horse", within=CHANGE_SECONDS_MAX)
    for line in ("port delete saddle", "router remove subnet track track", "router delete track", "network delete track siding",
                 "security group delete open", "keypair delete rider", "flavor delete narrow wide"):
        admin.run(line)


def shows(**columns):
    return ("server show horse", columns)


def words(admin):
    """What changes in the rows alone."""
    server = admin.do("server show horse",
                      shows={"id": something, "key_name": "rider", "properties": has("coat"), "description": "first"})["id"]
    admin.do("server list", shows={"ID": server, "Name": "horse", "Status": "ACTIVE", "Networks": has("track")})
    admin.do("server set horse --property gait=trot --tag calm --description second",
             then=shows(properties=has("coat", "gait"), tags=has("fast", "calm"), description="second"))
    admin.do("server unset horse --property gait --tag calm --description",
             then=shows(properties=without("gait"), tags=["fast"], description=lambda text: not text))
    request = admin.do("server event list horse", shows={"Action": "create", "Server ID": server}).json[-1]["Request ID"]
    admin.do(f"server event show horse {request}", shows={"action": "create", "instance_uuid": server, "events": something})
    admin.do("server lock horse --reason rest", then=shows(locked=True, locked_reason="rest"))
    admin.do("server unlock horse", then=shows(locked=False))
    admin.do("server remove security group horse open", then=shows(security_groups=lambda those: not those))
    admin.do("server add security group horse open", then=shows(security_groups=[{"name": "open"}]))
    admin.do("server volume list horse", shows=lambda reply: len(reply) == 0)


def running(admin, work, external):
    admin.wait("console log show horse", "ssh starts", BOOT_SECONDS_MAX)
    admin.do("console log show horse --lines 5", shows="ssh starts")
    admin.do("console url show horse", shows={"protocol": "vnc", "type": "novnc", "url": lambda url: "/console/vnc.html?path=" in url})
    address = admin.run(f"floating ip create {external}")["floating_ip_address"]
    admin.do(f"server add floating ip horse {address}", then=shows(addresses=lambda those: address in those["track"]))
    options = " ".join(f"-o {option}" for option in ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null",
                                                     "ConnectTimeout=5"))
    login = f"server ssh horse -- -l cirros -i {work}/key {options} hostname"
    admin.wait(login, "horse", CHANGE_SECONDS_MAX)
    admin.do(login, shows="horse")
    admin.do(f"server remove floating ip horse {address}", then=shows(addresses=lambda those: address not in those["track"]))
    admin.run(f"floating ip delete {address}")
    admin.do("server dump create horse", then=("console log show horse", "NMI"), within=CHANGE_SECONDS_MAX)
    admin.do("server pause horse", then=shows(status="PAUSED"), within=CHANGE_SECONDS_MAX)
    admin.do("server unpause horse", then=shows(status="ACTIVE"), within=CHANGE_SECONDS_MAX)
    admin.do("server suspend horse", then=shows(status="SUSPENDED"), within=CHANGE_SECONDS_MAX)
    admin.do("server resume horse", then=shows(status="ACTIVE"), within=CHANGE_SECONDS_MAX)
    admin.do("server stop horse", then=shows(status="SHUTOFF"), within=BOOT_SECONDS_MAX)


def interfaces(admin):
    admin.do("server add network horse siding", then=shows(addresses=has("track", "siding")))
    admin.do("server remove network horse siding", then=shows(addresses=without("siding")), within=CHANGE_SECONDS_MAX)
    admin.run("port create saddle --network siding")
    admin.do("server add port horse saddle", then=shows(addresses=has("siding")))
    admin.do("server remove port horse saddle", then=shows(addresses=without("siding")), within=CHANGE_SECONDS_MAX)
    admin.do("server add fixed ip horse siding --fixed-ip-address 10.71.0.44",
             then=shows(addresses=lambda those: those.get("siding") == ["10.71.0.44"]))
    admin.run("volume create cart --size 1")
    admin.wait("volume show cart", {"status": "available"}, CHANGE_SECONDS_MAX)
    admin.do("server add volume horse cart", then=("volume show cart", {"status": "in-use"}), within=CHANGE_SECONDS_MAX)
    admin.do("server remove volume horse cart", then=("volume show cart", {"status": "available"}), within=CHANGE_SECONDS_MAX)
    admin.run("volume delete cart")
    admin.run("server remove network horse siding")
    admin.wait("server show horse", {"addresses": without("siding")}, CHANGE_SECONDS_MAX)


def of(flavor):
    return lambda shown: shown["original_name"] == flavor


def stopped(admin):
    """Changes of size: a guest that is stopped stays so, and does not boot for them."""
    for end, flavor in (("resize confirm", "wide"), ("resize revert", "narrow"), ("migrate confirm", "narrow"), ("migrate revert", "wide"),
                        ("migration confirm", "wide"), ("migration revert", "narrow")):
        is_now = flavor if end.endswith("confirm") else "wide" if flavor == "narrow" else "narrow"
        admin.do(f"server resize horse --flavor {flavor}", then=shows(status="VERIFY_RESIZE", flavor=of(flavor)), within=CHANGE_SECONDS_MAX)
        admin.do(f"server {end} horse", then=shows(status="SHUTOFF", flavor=of(is_now)), within=CHANGE_SECONDS_MAX)
    admin.do("server migration list", shows={"Type": "resize", "Status": "confirmed"})
    past = admin.run("server migration list").json[0]["Id"]
    admin.do(f"server migration show horse {past}", refused="HTTP 404")
    admin.do(f"server migration abort horse {past}", refused="Cannot 'abort live migration' instance")
    admin.do(f"server migration force complete horse {past}", refused="Cannot 'force_complete' instance")
    # One node has nowhere to go; between two, nodes.sh calls these.
    admin.do("server migrate horse", refused="No valid host was found", then=shows(status="SHUTOFF"))
    admin.do("server evacuate horse", refused="still in use", then=shows(status="SHUTOFF"))
    admin.do("server restore horse", refused="Cannot 'restore' instance", then=shows(status="SHUTOFF"))
    admin.do("server rebuild horse --image tiny --name mare", shows={"name": "mare"},
             then=("server show mare", {"status": "SHUTOFF", "name": "mare"}), within=CHANGE_SECONDS_MAX)
    admin.do("server set mare --name horse", then=shows(name="horse"))


def copies(admin):
    admin.do("server image create horse --name foal", shows={"name": "foal"}, then=("image show foal", {"status": "active"}),
             within=CHANGE_SECONDS_MAX)
    admin.do("server backup create horse --name spare --type daily --rotate 1", shows={"name": "spare"},
             then=("image show spare", {"status": "active", "properties": has("backup_type")}), within=CHANGE_SECONDS_MAX)
    admin.run("image delete foal spare")
    # A guest in the middle of its boot hears no power button: what is to end at once is in error or paused before.
    admin.do("server start horse", then=shows(status="ACTIVE"), within=CHANGE_SECONDS_MAX)
    admin.do("server reboot horse --hard", then=[("server event list horse", {"Action": "reboot"}), shows(status="ACTIVE")],
             within=CHANGE_SECONDS_MAX)
    admin.do("server set horse --state error", then=shows(status="ERROR"))
    admin.do("server rescue horse", then=shows(status="RESCUE"), within=CHANGE_SECONDS_MAX)
    admin.wait("console log show horse --lines 5", "ssh starts", BOOT_SECONDS_MAX)
    admin.do("server unrescue horse", then=shows(status="ACTIVE"), within=CHANGE_SECONDS_MAX)
    admin.run("server pause horse")
    admin.wait("server show horse", {"status": "PAUSED"}, CHANGE_SECONDS_MAX)
    admin.do("server shelve horse", then=shows(status="SHELVED_OFFLOADED"), within=CHANGE_SECONDS_MAX)
    admin.do("server unshelve horse", then=shows(status="ACTIVE"), within=CHANGE_SECONDS_MAX)
