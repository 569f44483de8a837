# Signpost. Apache-2.0; see LICENSE.
"""A bridge of this host for one Docker Engine, and addresses that no other engine of this host uses."""
import ipaddress
import json
import random
import subprocess


class Bridge:
    """Made by the constructor. `words` tell dockerd to use it; containers on networks of their own are in 198.19/16."""

    def __init__(self):
        number = _free_number()
        self.name = f"sp{number}"
        self.address = f"198.18.{number}.1"
        # Sixteen networks of up to 60 containers.
        self.words = ["--bridge", self.name, "--default-address-pool", f"base=198.19.{number * 4}.0/22,size=26"]
        # With a hardware address of its own: otherwise it has that of one of the containers, and connections to the others
        # break off when that one goes.
        _ip("link", "add", self.name, "address", f"02:42:c6:12:{number:02x}:01", "type", "bridge")
        try:
            _ip("address", "add", f"{self.address}/24", "dev", self.name)
            _ip("link", "set", self.name, "up")
        except BaseException:
            self.remove()
            raise

    def remove(self):
        _ip("link", "delete", self.name)


def _ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
    return done.stdout


def _free_number():
    """A number below 64 whose networks nobody on this host has."""
    used = [ipaddress.ip_interface(f"{entry['local']}/{entry['prefixlen']}").network
            for link in json.loads(_ip("-json", "-4", "address")) for entry in link.get("addr_info", ())]
    links = {link["ifname"] for link in json.loads(_ip("-json", "link"))}

    def free(number):
        wanted = (f"198.18.{number}.0/24", f"198.19.{number * 4}.0/22")
        return f"sp{number}" not in links and not any(
            ipaddress.ip_network(text).overlaps(network) for text in wanted for network in used)

    return next(number for number in random.sample(range(64), 64) if free(number))
