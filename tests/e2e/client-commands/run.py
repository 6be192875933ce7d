#!/usr/bin/python3
"""run.py CLOUD DIRECTORY [SERVICE...] - calls the commands of the stock client against a cloud of the client's configuration, and (unless
only some services are named) compares those called with the client's own list. DIRECTORY is for files. Its lines: see Report."""
import importlib
import pathlib
import sys
import time

from client import Client, Report

SERVICES = ["common", "identity", "image", "placement", "network", "compute", "keymanager", "loadbalancer"]
GROUPS = {"openstack.cli": "common", "openstack.common": "common", "openstack.identity.v3": "identity", "openstack.image.v2": "image",
          "openstack.placement.v1": "placement", "openstack.network.v2": "network", "openstack.neutronclient.v2": "network",
          "openstack.compute.v2": "compute", "openstack.key_manager.v1": "keymanager", "openstack.load_balancer.v2": "loadbalancer"}
NOT_CALLED_SHARE_MAX = 0.05
HERE = pathlib.Path(__file__).parent
NOT_CALLED, OTHER_SERVICES = HERE / "not-called.txt", HERE / "other-services.txt"


def main():
    cloud, work, chosen = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:] or SERVICES
    report = Report()
    # The newest versions that the stock client knows; a file of calls takes an older one where a command asks for it.
    admin = Client(report, f"--os-cloud {cloud} --os-compute-api-version 2.92 --os-placement-api-version 1.39")
    for service in chosen:
        report.service = service
        begun = time.monotonic(), time.process_time()
        try:
            importlib.import_module(service).calls(admin, work)
        except Exception as fault:
            report.not_ok("the calls go on to the end", repr(fault))
        report.note(f"{service}: {time.monotonic() - begun[0]:.0f} s, {time.process_time() - begun[1]:.0f} s CPU of the client")
    if chosen == SERVICES:
        report.service = "all"
        compare(admin.commands(), report)


def compare(commands, report):
    """Every command is called or listed with its reason, never both; nothing else is listed."""
    other = listed(OTHER_SERVICES)
    ours = {name: GROUPS[group] for group, name in commands
            if group in GROUPS and not any(f"{name} ".startswith(f"{word} ") for word in other)}
    excused = listed(NOT_CALLED)
    for name in sorted(ours.keys() - report.called - excused.keys()):
        report.not_ok(f"'{name}' is called, or listed in {NOT_CALLED.name}", "it is neither")
    for name in sorted(excused.keys() & report.called):
        report.not_ok(f"'{name}' stands in {NOT_CALLED.name}", "it is called now: take it off the list")
    for name in sorted(excused.keys() - ours.keys()):
        report.not_ok(f"'{name}' stands in {NOT_CALLED.name}", "the client has no such command")
    for service in SERVICES:
        names = [name for name, its in ours.items() if its == service]
        report.note(f"{service}: {len(names)} commands, {len(report.called.intersection(names))} called")
    if len(excused) > NOT_CALLED_SHARE_MAX * len(ours):
        report.not_ok(f"at most {NOT_CALLED_SHARE_MAX:.0%} of the commands are not called", f"{len(excused)} of {len(ours)} are not")
    called = len(report.called & ours.keys())
    report.ok(f"{len(ours)} commands, {called} called, {len(excused)} not ({100 * len(excused) / len(ours):.1f} %)")


def listed(path):
    """A file of lines "command: reason"; in that of other services, the beginnings of commands."""
    with open(path, encoding="utf-8") as lines:
        return dict(line.split(":", 1) for line in map(str.strip, lines) if line and not line.startswith("#"))


main()
