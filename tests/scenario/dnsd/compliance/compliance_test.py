# Signpost. Apache-2.0; see LICENSE.
"""ISC's DNS compliance tester finds nothing.

- Its probes of the groups EDNS, FULL, COMM and TYPE, and dnswkk, are all "ok": at the apex of consul., of a static zone, with and
  without an upstream, and for a zone of another server asked through the forwarder (its -R).
- The upstream itself passes but for what is known of it: the probes can tell.
"""
import pytest

from compliance_probes import OWN_ZONE, PROBES, UPSTREAM_ZONE

# (fixture, zone, recursive)
TARGETS = {
    "consul": ("forwarder", "consul.", False),
    "static": ("forwarder", OWN_ZONE, False),
    "through": ("forwarder", UPSTREAM_ZONE, True),
    "consul-alone": ("alone", "consul.", False),
    "static-alone": ("alone", OWN_ZONE, False),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("probe", PROBES)
def test_probe(request, target, probe):
    fixture, zone, recursive = TARGETS[target]
    assert PROBES[probe].run(request.getfixturevalue(fixture).dns, zone, recursive) == []


def test_the_probes_can_tell(knot):
    """Knot 3.2 copies RD into its answer to an unknown opcode, and knows no cookies unless told to."""
    found = {name: probe.run(knot, UPSTREAM_ZONE, False) for name, probe in PROBES.items()}
    assert {name: tags for name, tags in found.items() if tags} == {"opcodeflg": ["rd"]}
    assert PROBES["dns"].run(knot, UPSTREAM_ZONE, True) == ["nora", "aa"] and PROBES["dns"].run(knot, "elsewhere.test.", False)
