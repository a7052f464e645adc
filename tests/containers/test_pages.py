"""What docs/operations/containers.md tells people to type, and the numbers it names, against the files and programs."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

import mappings
from tests.containers.compose import CLUSTER, ONE_MACHINE, ROOT, load
from tests.containers.parsing import airflow_commands, earshot_command

PAGES = ROOT / "docs" / "operations"
TEXT = (PAGES / "containers.md").read_text(encoding="utf-8")
WITH_A_VALUE = {"--volume", "--profile", "-f", "-u"}
OF_THE_IMAGES = {"pg_dump", "pg_restore", "find"}


def lines() -> list[str]:
    """Return every line that a page tells to type into a shell, and every `docker compose` command in its text."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", TEXT, re.DOTALL | re.MULTILINE)
    typed = "\n".join(blocks).replace("\\\n", " ").replace("$(date -d '7 days ago' +%F)", "2026-11-20").splitlines()
    inline = re.findall(r"`(docker compose [^`]*)`", TEXT)
    return [part.strip() for line in (*typed, *inline) for part in line.split("&&")]


def composed() -> list[list[str]]:
    """Return the words of each `docker compose` command, but for what the shell takes for itself."""
    told = [shlex.split(line.split("#")[0].split(" > ")[0].split(" < ")[0]) for line in lines()]
    return [words[2:] for words in told if words[:2] == ["docker", "compose"] and "..." not in words]


def positional(words: list[str]) -> list[str]:
    """Leave out options of the front, with their values."""
    while words and words[0].startswith("-"):
        words = words[2 if words[0] in WITH_A_VALUE else 1 :]
    return words


def inside() -> list[tuple[str, list[str]]]:
    """Return service and command of everything that is run or executed in a container."""
    found = []
    for words in composed():
        verb, *rest = positional(words)
        if verb in ("run", "exec"):
            name, *command = positional(rest)
            if command[0] == "env":
                command = [word for word in positional(command[1:]) if "=" not in word or word.startswith("-")]
            found.append((name, command))
    return found


def test_there_is_something_to_type() -> None:
    assert len(inside()) > 12


def test_every_service_that_is_named_is_in_the_file_that_is_meant() -> None:
    one, cluster = (load(file, {})["services"].keys() for file in (ONE_MACHINE, CLUSTER))
    for words in composed():
        is_one = "compose.one-machine.yml" in words
        verb, *rest = positional(words)
        names = positional(rest) if verb in ("run", "exec", "restart", "up", "logs") else []
        named = names[:1] if verb in ("run", "exec") else [n for n in names if "=" not in n and not n.startswith("-")]
        assert set(named) <= (one if is_one else cluster), words


def test_no_setting_of_the_one_machine_stays_in_force_for_the_cluster() -> None:
    assert "COMPOSE_FILE" not in TEXT


def test_every_command_that_is_run_in_a_container_is_one(tmp_path: Path) -> None:
    commands = [command for _, command in inside()]
    for command in (each for each in commands if each[0] == "earshot"):
        earshot_command(command)
    airflow = [command[1:] for command in commands if command[0] == "airflow" and "--help" not in command]
    assert airflow_commands(airflow, tmp_path) == len(airflow) == 1
    assert {command[0] for command in commands} == {"earshot", "airflow", *OF_THE_IMAGES}


def megabytes(limit: str) -> int:
    return int(limit[:-1]) * {"g": 1024, "m": 1}[limit[-1]]


def test_the_memory_that_is_named_is_what_the_limits_say() -> None:
    services = load(CLUSTER, {})["services"]
    lasting = {name: s for name, s in services.items() if name != "airflow-init" and "profiles" not in s}
    copies = {name: s.get("deploy", {}).get("replicas", 1) for name, s in lasting.items()}
    most = sum(megabytes(s["mem_limit"]) * copies[name] for name, s in lasting.items()) / 1024
    more = megabytes(services["airflow-init"]["mem_limit"]) // 1024
    assert f"may take {most:g} GB at most by their `mem_limit`, and `airflow-init` {more} GB more" in TEXT


@pytest.mark.parametrize("part", ["OpenSearch", "Elasticsearch"])
def test_the_policies_of_a_cluster_name_our_aliases_and_indices(part: str) -> None:
    text = (PAGES / "engines.md").read_text(encoding="utf-8")
    ours = text[text.index(f"**{part}.** The policy") : text.index("On both:")]
    if part == "OpenSearch":
        ours = ours[: ours.index("**Elasticsearch.**")]
    bodies = [json.loads(body) for body in re.findall(r"^ *```json\n(.*?)^ *```", ours, re.DOTALL | re.MULTILINE)]
    policies = [body["policy"] for body in bodies if "policy" in body]
    (settings,) = [body["index"] for body in bodies if "index" in body]
    assert len(policies) == 1
    (alias,) = [value for name, value in settings.items() if name.endswith("rollover_alias")]
    assert alias == mappings.write_alias()
    if part == "OpenSearch":
        states = {state["name"] for state in policies[0]["states"]}
        assert {t["state_name"] for s in policies[0]["states"] for t in s["transitions"]} | {"written"} == states
        (template,) = policies[0]["ism_template"]
        assert template["index_patterns"] == mappings.load_index_template()[1]["index_patterns"]
        assert {"policy_id": mappings.NAME} in bodies
    else:
        assert settings["lifecycle.name"] == mappings.NAME
        assert policies[0]["phases"].keys() == {"hot", "delete"}
    assert f"/{mappings.NAME}`)" in ours, "the policy's name is in the address it is put to"
