"""side-by-side.py DATA FIRST SECOND STOP - a client that makes and deletes networks, servers and volumes through two control planes by turns, until STOP is there.
An endpoint that is away (the file STOP.first or STOP.second says that it may be) is left out. Whatever else fails, and what was acknowledged and is not there, ends it."""
import json, os, ssl, sys, time, urllib.error, urllib.request

data, urls, stop = sys.argv[1], {"first": sys.argv[2], "second": sys.argv[3]}, sys.argv[4]
tls = ssl.create_default_context(cafile=data + "/ca.pem")
password = next(line.split(": ", 1)[1].strip() for line in open(data + "/clouds.yaml").read().split("  sovereign:\n")[1].splitlines() if "password:" in line)
token, turn, requests, away = None, 0, {"first": 0, "second": 0}, 0


def away_allowed(name): return os.path.exists(f"{stop}.{name}")


def send(method, path, body=None):
    """By turns through both. Only an endpoint that may be away may fail to answer: then the other one is asked, as a load balancer does."""
    global turn, away
    end = time.monotonic() + 60
    while True:
        turn += 1
        name = ("first", "second")[turn % 2]
        request = urllib.request.Request(urls[name] + path, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"}, method=method)
        if token: request.add_header("X-Auth-Token", token)
        try:
            with urllib.request.urlopen(request, timeout=30, context=tls) as reply:
                requests[name] += 1
                text = reply.read()
                return reply.status, json.loads(text) if text else None, reply.headers
        except urllib.error.HTTPError as error:
            requests[name] += 1
            if error.code >= 500 and not (error.code == 503 and away_allowed(name)):
                sys.exit(f"{method} {path} at {name} gave {error.code}: {error.read()[:400]}")
            if error.code < 500: return error.code, error.read().decode(errors="replace"), error.headers
        except OSError as error:
            if not away_allowed(name) or time.monotonic() > end: sys.exit(f"{method} {path} at {name}: {error}")
        away += 1
        time.sleep(0.1)


def must(method, path, body=None, wanted=(200, 201, 202, 204)):
    status, reply, _ = send(method, path, body)
    if status not in wanted: sys.exit(f"{method} {path} gave {status}: {reply}")
    return reply


def until(what, holds, seconds=120):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end: sys.exit(f"{what} did not come true in {seconds} s")
        time.sleep(0.2)


def ensure(path, kind, name, body):
    """Makes it; where the answer may have been lost it is looked for first. What was acknowledged is seen at both endpoints at once."""
    found = [one for one in must("GET", f"{path}?name={name}")[kind + "s"] if one["name"] == name]
    made = found[0] if found else must("POST", path, {kind: {"name": name, **body}})[kind]
    for _ in urls: must("GET", f"{path}/{made['id']}")
    return made["id"]


def is_at(path, kind, status):
    def holds():
        shown = must("GET", path)[kind]
        if shown["status"].lower().startswith("error"): sys.exit(f"{path} is in {shown['status']}: {shown.get('fault')}")
        return shown["status"] == status
    return holds


def gone(path):
    if send("DELETE", path)[0] not in (202, 204, 404): until(f"DELETE {path}", lambda: send("DELETE", path)[0] in (202, 204, 404))
    until(f"{path} goes", lambda: send("GET", path)[0] == 404)


auth = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "domain": {"id": "default"}, "password": password}}},
                 "scope": {"project": {"name": "demo", "domain": {"id": "default"}}}}}
token = send("POST", "/identity/v3/auth/tokens", auth)[2]["X-Subject-Token"]
image = must("GET", "/image/v2/images?name=tiny")["images"][0]["id"]
flavor = next(f["id"] for f in must("GET", "/compute/v2.1/flavors")["flavors"] if f["name"] == "SCS-1L-1")
kept = ensure("/volume/v3/volumes", "volume", "kept", {"size": 1})
rounds = 0
while not os.path.exists(stop):
    rounds += 1
    network = ensure("/network/v2.0/networks", "network", f"n{rounds}", {})
    ensure("/network/v2.0/subnets", "subnet", f"s{rounds}", {"network_id": network, "ip_version": 4, "cidr": "10.66.0.0/24"})
    volume = ensure("/volume/v3/volumes", "volume", f"v{rounds}", {"size": 1})
    server = ensure("/compute/v2.1/servers", "server", f"vm{rounds}", {"flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network}]})
    until("the volume", is_at(f"/volume/v3/volumes/{volume}", "volume", "available"))
    until("the server", is_at(f"/compute/v2.1/servers/{server}", "server", "ACTIVE"))
    must("GET", f"/volume/v3/volumes/{kept}")
    gone(f"/compute/v2.1/servers/{server}")
    gone(f"/volume/v3/volumes/{volume}")
    gone(f"/network/v2.0/networks/{network}")
    print(f"round {rounds}", flush=True)
gone(f"/volume/v3/volumes/{kept}")
print(f"{rounds} rounds, {requests['first']} requests at the first, {requests['second']} at the second, {away} asked again elsewhere")
sys.exit(0 if rounds > 0 else "it made nothing")
