# Signpost. Apache-2.0; see LICENSE.
"""Catalogs as data (tests/cases/*_fixtures.json) put into a real Consul agent."""
import re

from support.consul_agent import ConsulAgent

_PLACE = re.compile(r"\{(i(?:\s*(?://|%)\s*\d+)?)(:\d+)?\}")


def expand(registrations):
    """Catalog registrations with `repeat` unrolled: {i} counts from 1; {i:03}, {i//250} and {i%250} are understood."""
    for entry in registrations:
        entry = dict(entry)
        for number in range(1, entry.pop("repeat", 1) + 1):
            yield _filled(entry, number)


def _filled(value, number):
    if isinstance(value, str):
        return _PLACE.sub(lambda m: format(_counted(m[1], number), (m[2] or ":")[1:]), value)
    if isinstance(value, dict):
        return {key: _filled(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, number) for item in value]
    return value


def _counted(expression, number):
    for operator in ("//", "%"):
        if operator in expression:
            divisor = int(expression.split(operator)[1])
            return number // divisor if operator == "//" else number % divisor
    return number


def register_all(agent, fixture):
    """Registers `catalog`, `config_entries` and `queries` of one fixture with `agent`."""
    for entry in expand(fixture.get("catalog", [])):
        agent.register(entry)
    for entry in fixture.get("config_entries", []):
        agent.put("/v1/config", entry)
    for query in fixture.get("queries", []):
        agent.prepared_query(query)


def start_agent(fixture, setup=None):
    """A running ConsulAgent with everything in `fixture`; `setup` is merged into its config."""
    words = dict(fixture["consul"])
    words["config"] = {**words.get("config", {}), **(setup or {})}
    agent = ConsulAgent(**words)
    register_all(agent, fixture)
    return agent
