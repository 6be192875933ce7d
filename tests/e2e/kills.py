"""kills.py DATA URL COUNT - a careful client (of one life alone, when SOVEREIGN_TEST_LIFE names it): makes and deletes networks, servers and volumes while the cloud's processes are killed beside it."""
import json, os, random, signal, ssl, sys, time, urllib.error, urllib.request

data, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
tls = ssl.create_default_context(cafile=data + "/ca.pem")
seed = int(os.environ.get("SOVEREIGN_TEST_SEED", random.randrange(1 << 30)))
dice = random.Random(seed)
print("seed", seed)
password = next(line.split(": ", 1)[1].strip() for line in open(data + "/clouds.yaml").read().split("  sovereign:\n")[1].splitlines() if "password:" in line)
token = None


def send(method, path, body=None, wait=60):
    """One request; a cloud that is away is waited for. A 5xx other than 503 is a finding."""
    global token
    end = time.monotonic() + wait
    while True:
        headers = {"Content-Type": "application/json"}
        if token: headers["X-Auth-Token"] = token
        request = urllib.request.Request(url + path, json.dumps(body).encode() if body else None, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30, context=tls) as reply:
                text = reply.read()
                return reply.status, json.loads(text) if text else None, reply.headers
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            if error.code == 503 and time.monotonic() < end: time.sleep(0.3); continue
            if error.code >= 500: sys.exit(f"{method} {path} gave {error.code}: {text}")
            return error.code, text, error.headers
        except OSError as error:
            if time.monotonic() > end: sys.exit(f"{method} {path}: the cloud stays away: {error}")
            if method != "GET": return None, str(error), {}
            time.sleep(0.3)


def until(what, holds, act=None, seconds=150):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end: sys.exit(f"{what} did not come true in {seconds} s (seed {seed})")
        if act: act()
        time.sleep(0.3)


def named(path, plural, name):
    return next((item for item in send("GET", path)[1][plural] if item["name"] == name), None)


def ensure(path, plural, name, body):
    until(f"{plural} {name}", lambda: named(path, plural, name), lambda: send("POST", path, body))
    return named(path, plural, name)["id"]


def gone(path):
    until(f"DELETE {path}", lambda: send("GET", path)[0] == 404, lambda: send("DELETE", path))


def kill(which):
    try:
        os.kill(int(open(f"{data}/{which}.pid").read()), signal.SIGKILL)
    except (OSError, ValueError):
        pass   # it is being started again at this moment


def login():
    global token
    auth = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "domain": {"id": "default"}, "password": password}}},
                     "scope": {"project": {"name": "demo", "domain": {"id": "default"}}}}}
    until("a token", lambda: token, lambda: take(send("POST", "/identity/v3/auth/tokens", auth)[2]))


def take(headers):
    global token
    token = headers.get("X-Subject-Token")


def bad(path):
    server = send("GET", path)[1]["server"]
    if server["status"] == "ERROR": sys.exit(f"The server is in ERROR: {server.get('fault')} (seed {seed})")
    return False


def act(path, body):
    return lambda: send("POST", path + "/action", body)


def is_at(path, status):
    """True when the server has come to rest in this state; an error ends the run."""
    def holds():
        server = send("GET", path)[1]["server"]
        return server["status"] == status and server["OS-EXT-STS:task_state"] is None or bad(path)
    return holds


def did(path, action):
    return any(entry["action"] == action for entry in send("GET", path + "/os-instance-actions")[1]["instanceActions"])


def once(path, action, body):
    """Acts when the list of actions does not say that it was done: the answer may have been lost."""
    return lambda: did(path, action) or send("POST", path + "/action", body)


def go(path, body, there, back, again="ACTIVE"):
    """From ACTIVE to another state, through a kill, and back."""
    to = is_at(path, there)
    return [("there", to, lambda: is_at(path, "ACTIVE")() and act(path, body)()), ("back", is_at(path, again), lambda: to() and act(path, back)())]


def nic(path, network):
    nics = lambda: [port["port_id"] for port in send("GET", path + "/os-interface")[1]["interfaceAttachments"]]
    first = nics()[0]
    return [("the second NIC", lambda: len(nics()) == 2, lambda: send("POST", path + "/os-interface", {"interfaceAttachment": {"net_id": network}})),
            ("one NIC", lambda: nics() == [first], lambda: [send("DELETE", path + "/os-interface/" + port) for port in nics() if port != first])]


def stored(kind, name):
    """The volume or snapshot of this name; an error ends the run."""
    found = next((one for one in send("GET", f"/volume/v3/{kind}/detail")[1][kind] if one["name"] == name), None)
    if found and found["status"].startswith("error"): sys.exit(f"{kind} {name} is in {found['status']} (seed {seed})")
    return found


def rests(kind, name, status="available"):
    return lambda: (stored(kind, name) or {}).get("status") == status


def order(kind, name, body):
    """Orders it when it is not there: the answer may have been lost."""
    one = kind.removesuffix("s")
    return lambda: stored(kind, name) or send("POST", f"/volume/v3/{kind}", {one: {"name": name, **body()}})


def volume(path):
    """A volume that the server gets, is kept and copied while it has it, grows, and is given back."""
    key, attachments = (lambda: stored("volumes", "k")["id"]), path + "/os-volume_attachments"
    grow = lambda: stored("volumes", "k")["size"] == 2 or send("POST", f"/volume/v3/volumes/{key()}/action", {"os-extend": {"new_size": 2}})
    return [
        ("a volume", rests("volumes", "k"), order("volumes", "k", lambda: {"size": 1})),
        ("the server has it", rests("volumes", "k", "in-use"), lambda: send("POST", attachments, {"volumeAttachment": {"volumeId": key()}})),
        ("a snapshot", rests("snapshots", "k"), order("snapshots", "k", lambda: {"volume_id": key(), "force": True})),
        ("a copy", rests("volumes", "k2"), order("volumes", "k2", lambda: {"snapshot_id": stored("snapshots", "k")["id"]})),
        ("it is given back", rests("volumes", "k"), lambda: send("DELETE", f"{attachments}/{key()}")),
        ("it is larger", lambda: stored("volumes", "k")["size"] == 2 and rests("volumes", "k")(), grow)]


def backup(path):
    """A volume that the server gets is backed up, and what changed since; a volume is made of both, and the first becomes again what it was."""
    key, attachments = (lambda: stored("volumes", "k")["id"]), path + "/os-volume_attachments"
    of = lambda **more: lambda: {"volume_id": key(), "force": True, **more}
    restore = lambda kept, body: send("POST", f"/volume/v3/backups/{stored('backups', kept)['id']}/restore", {"restore": body})
    since = lambda: stored("volumes", "k")["metadata"].get("since")   # a backup brings its volume's metadata back
    return [
        ("a volume", rests("volumes", "k"), order("volumes", "k", lambda: {"size": 1, "metadata": {"since": "no"}})),
        ("the server has it", rests("volumes", "k", "in-use"), lambda: send("POST", attachments, {"volumeAttachment": {"volumeId": key()}})),
        ("a backup", rests("backups", "k"), order("backups", "k", of())),
        ("what changed", rests("backups", "k2"), order("backups", "k2", of(incremental=True))),
        ("a volume of both", rests("volumes", "k2"), lambda: stored("volumes", "k2") or restore("k2", {"name": "k2"})),
        ("it is given back", rests("volumes", "k"), lambda: send("DELETE", f"{attachments}/{key()}")),
        ("it is changed", lambda: since() == "yes", lambda: send("POST", f"/volume/v3/volumes/{key()}/metadata", {"metadata": {"since": "yes"}})),
        ("it is what it was", lambda: since() == "no" and rests("volumes", "k")(), lambda: since() == "yes" and restore("k", {"volume_id": key()})),
        ("the backups are free", lambda: rests("backups", "k")() and rests("backups", "k2")(), lambda: None),
        ("what changed is deleted", lambda: not stored("backups", "k2"), lambda: send("DELETE", "/volume/v3/backups/" + stored("backups", "k2")["id"]))]


def life(kind, path, network):
    """Steps of one of a server's lives: what must come true, and what to do until it does."""
    if kind == "resize": return go(path, {"resize": {"flavorRef": larger}}, "VERIFY_RESIZE", {"confirmResize": None})
    if kind == "revert": return go(path, {"resize": {"flavorRef": larger}}, "VERIFY_RESIZE", {"revertResize": None})
    if kind == "rescue": return go(path, {"rescue": {}}, "RESCUE", {"unrescue": None})
    if kind == "shelve": return go(path, {"shelve": None}, "SHELVED_OFFLOADED", {"unshelve": None})
    if kind == "nic": return nic(path, network)
    if kind == "volume": return volume(path)
    if kind == "backup": return backup(path)
    action, body = ("rebuild", {"rebuild": {"imageRef": image}}) if kind == "rebuild" else ("createImage", {"createImage": {"name": "k"}})
    return [(kind, lambda: did(path, action) and is_at(path, "ACTIVE")(), once(path, action, body))]


login()
larger = next(f for f in send("GET", "/compute/v2.1/flavors/detail")[1]["flavors"] if f["name"] == "SCS-1V-2")["id"]
flavor = named("/compute/v2.1/flavors", "flavors", "SCS-1L-1")["id"]
image = send("GET", "/image/v2/images?name=tiny")[1]["images"][0]["id"]
for turn in range(count):
    which = dice.choice(["sovereign", "node"])
    network = ensure("/network/v2.0/networks", "networks", "k", {"network": {"name": "k"}})
    ensure("/network/v2.0/subnets", "subnets", "k", {"subnet": {"name": "k", "network_id": network, "ip_version": 4, "cidr": "10.66.0.0/24"}})
    during = os.environ.get("SOVEREIGN_TEST_LIFE") or dice.choice(["create", "delete", "resize", "revert", "rebuild", "image", "rescue", "shelve", "nic", "volume", "backup"])
    body = {"server": {"name": "k", "flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network}]}}
    server = ensure("/compute/v2.1/servers", "servers", "k", body)
    path = "/compute/v2.1/servers/" + server
    if during == "create":
        time.sleep(dice.random() * 1.2)
        kill(which)
    until("ACTIVE", lambda: send("GET", path)[1]["server"]["status"] == "ACTIVE" or bad(path))
    if during == "delete":
        send("DELETE", path)
        time.sleep(dice.random() * 1.2)
        kill(which)
    if during not in ("create", "delete"):
        late = dice.random() * 1.2
        for what, holds, step in life(during, path, network):
            step()
            time.sleep(late)
            kill(which)
            until(f"{during}: {what}", holds, step)
            which = dice.choice(["sovereign", "node"])
    gone(path)
    for kind in ("backups", "snapshots", "volumes"):
        for one in send("GET", f"/volume/v3/{kind}")[1][kind]: gone(f"/volume/v3/{kind}/{one['id']}")
    for copy in send("GET", "/image/v2/images?name=k")[1]["images"]: gone("/image/v2/images/" + copy["id"])
    gone("/network/v2.0/networks/" + network)
    print(f"kill {turn + 1}: {which} during {during}", flush=True)
