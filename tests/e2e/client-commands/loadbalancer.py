"""Load balancers: the commands of python3-octaviaclient, with their effects."""
from client import something


def calls(admin, work):
    admin.run("network create balanced")
    admin.run("subnet create balanced --network balanced --subnet-range 10.66.0.0/24")
    admin.do("loadbalancer create --name lb --vip-subnet-id balanced --description first --wait",
             then=("loadbalancer show lb", {"provisioning_status": "ACTIVE", "operating_status": "ONLINE", "provider": "haproxy", "description": "first"}))
    listeners_and_pools(admin)
    members_and_monitors(admin)
    policies_and_rules(admin)
    deletions(admin)
    flavors(admin)
    what_there_is(admin)
    admin.do("loadbalancer set lb --name other --wait", then=("loadbalancer show other", {"name": "other"}))
    admin.do("loadbalancer unset other --description --wait", then=("loadbalancer show other", {"description": ""}))
    admin.do("loadbalancer failover other --wait", then=("loadbalancer show other", {"provisioning_status": "ACTIVE"}))
    admin.do("loadbalancer delete other --cascade --wait", gone="loadbalancer show other")
    admin.run("network delete balanced")


def listeners_and_pools(admin):
    admin.do("loadbalancer listener create lb --name web --protocol HTTP --protocol-port 80 --allowed-cidr 192.0.2.0/24 --wait",
             then=("loadbalancer listener show web", {"protocol": "HTTP", "protocol_port": 80, "allowed_cidrs": "192.0.2.0/24"}))
    admin.do("loadbalancer listener set web --connection-limit 7 --wait", then=("loadbalancer listener show web", {"connection_limit": 7}))
    admin.do("loadbalancer listener unset web --connection-limit --wait", then=("loadbalancer listener show web", {"connection_limit": -1}))
    admin.do("loadbalancer listener list", shows={"name": "web"})
    admin.do("loadbalancer listener stats show web", shows={"active_connections": 0})
    admin.do("loadbalancer pool create --name pool --listener web --protocol HTTP --lb-algorithm ROUND_ROBIN --wait",
             then=("loadbalancer pool show pool", {"lb_algorithm": "ROUND_ROBIN"}))
    admin.do("loadbalancer pool set pool --lb-algorithm LEAST_CONNECTIONS --wait", then=("loadbalancer pool show pool", {"lb_algorithm": "LEAST_CONNECTIONS"}))
    admin.do("loadbalancer pool unset pool --session-persistence --wait", then=("loadbalancer pool show pool", {"session_persistence": None}))
    admin.do("loadbalancer pool list", shows={"name": "pool"})


def members_and_monitors(admin):
    admin.do("loadbalancer member create pool --name m --address 10.66.0.9 --protocol-port 8080 --wait",
             then=("loadbalancer member show pool m", {"address": "10.66.0.9", "operating_status": "NO_MONITOR"}))
    admin.do("loadbalancer member set pool m --weight 9 --wait", then=("loadbalancer member show pool m", {"weight": 9}))
    admin.do("loadbalancer member unset pool m --weight --wait", then=("loadbalancer member show pool m", {"weight": 1}))
    admin.do("loadbalancer member list pool", shows={"name": "m"})
    admin.do("loadbalancer healthmonitor create pool --name hm --type HTTP --delay 5 --timeout 3 --max-retries 2 --wait",
             then=("loadbalancer healthmonitor show hm", {"type": "HTTP", "url_path": "/"}))
    admin.do("loadbalancer healthmonitor set hm --delay 9 --wait", then=("loadbalancer healthmonitor show hm", {"delay": 9}))
    admin.do("loadbalancer healthmonitor unset hm --name --wait", then=("loadbalancer healthmonitor list", {"name": ""}))
    admin.do("loadbalancer member delete pool m --wait", gone="loadbalancer member show pool m")


def policies_and_rules(admin):
    admin.do("loadbalancer l7policy create web --name no --action REJECT --wait", then=("loadbalancer l7policy show no", {"action": "REJECT", "position": 1}))
    admin.do("loadbalancer l7policy set no --description closed --wait", then=("loadbalancer l7policy show no", {"description": "closed"}))
    admin.do("loadbalancer l7policy unset no --description --wait", then=("loadbalancer l7policy show no", {"description": ""}))
    admin.do("loadbalancer l7policy list", shows={"name": "no"})
    rule = admin.run("loadbalancer l7rule create no --type PATH --compare-type STARTS_WITH --value /no --wait").json["id"]
    admin.do(f"loadbalancer l7rule set no {rule} --value /never --wait", then=(f"loadbalancer l7rule show no {rule}", {"value": "/never"}))
    admin.do(f"loadbalancer l7rule unset no {rule} --invert --wait", then=(f"loadbalancer l7rule show no {rule}", {"invert": False}))
    admin.do("loadbalancer l7rule list no", shows={"id": rule})
    admin.do(f"loadbalancer l7rule delete no {rule} --wait", gone=f"loadbalancer l7rule show no {rule}")
    admin.do("loadbalancer l7policy delete no --wait", gone="loadbalancer l7policy show no")


def deletions(admin):
    monitor = admin.run("loadbalancer healthmonitor list").json[0]["id"]
    admin.do(f"loadbalancer healthmonitor delete {monitor} --wait", gone=f"loadbalancer healthmonitor show {monitor}")
    admin.do("loadbalancer pool delete pool --wait", gone="loadbalancer pool show pool")
    admin.do("loadbalancer listener delete web --wait", gone="loadbalancer listener show web")


def flavors(admin):
    admin.do("loadbalancer flavorprofile create --name profile --provider haproxy --flavor-data {}",
             then=("loadbalancer flavorprofile show profile", {"provider_name": "haproxy"}))
    admin.do("loadbalancer flavor create --name standard --flavorprofile profile --enable", then=("loadbalancer flavor show standard", {"enabled": True}))
    admin.do("loadbalancer flavor set standard --description plain", then=("loadbalancer flavor show standard", {"description": "plain"}))
    admin.do("loadbalancer flavor list", shows={"name": "standard"})
    admin.do("loadbalancer flavor unset standard --description", then=("loadbalancer flavor show standard", {"description": ""}))
    admin.do("loadbalancer flavorprofile set profile --name shape", then=("loadbalancer flavorprofile list", {"name": "shape"}))
    admin.do("loadbalancer flavor delete standard", gone="loadbalancer flavor show standard")
    admin.do("loadbalancer flavorprofile delete shape", gone="loadbalancer flavorprofile show shape")


def what_there_is(admin):
    admin.do("loadbalancer list", shows={"name": "lb"})
    admin.do("loadbalancer status show lb", shows={"loadbalancer": something})
    admin.do("loadbalancer stats show lb", shows={"total_connections": 0})
    admin.do("loadbalancer provider list", shows={"name": "haproxy"})
    admin.do("loadbalancer provider capability list haproxy", shows=lambda reply: reply == [])
    admin.do("loadbalancer quota defaults show", shows={"load_balancer": 10})
    admin.do("loadbalancer quota set admin --loadbalancer 12", then=("loadbalancer quota show admin", {"load_balancer": 12}))
    admin.do("loadbalancer quota list", shows={"load_balancer": 12})
    admin.do("loadbalancer quota unset admin --loadbalancer", then=("loadbalancer quota show admin", {"load_balancer": 10}))
    admin.do("loadbalancer quota reset admin", then=("loadbalancer quota show admin", {"load_balancer": 10}))
