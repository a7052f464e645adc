"""The compose files say what is true of the programs: every path, variable, port, command and health check."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploy.first_time import FOLDERS, make_secrets
from earshot.config.environment import variables
from earshot.config.workspace import read_workspace
from tests.containers.compose import CLUSTER, ONE_MACHINE, ROOT, load, names
from tests.containers.parsing import airflow_commands, airflow_settings, earshot_command
from tests.containers.test_image import instructions

FILES = {"cluster": load(CLUSTER, {}), "one-machine": load(ONE_MACHINE, {})}
EVERY = pytest.mark.parametrize(
    ("file", "name"), [(file, name) for file, content in FILES.items() for name in content["services"]]
)
OURS = {(file, name) for file, content in FILES.items() for name, s in content["services"].items() if "build" in s}
OUR = pytest.mark.parametrize(("file", "name"), sorted(OURS))
ENVIRONMENT_EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
OTHERS = {"AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION", "AWS_SHARED_CREDENTIALS_FILE"}
"""What botocore reads. Source: botocore 1.4x, `botocore.configprovider` and `botocore.session`."""


@dataclass(frozen=True)
class Image:
    """What is known of an image that is not ours: the port that the others reach, and the settings that it reads."""

    port: int
    settings: frozenset[str] = frozenset()


OTHER_IMAGES = {
    "postgres": Image(5432, frozenset({"POSTGRES_USER", "POSTGRES_PASSWORD_FILE", "PGDATA"})),
    "redis": Image(6379),
    "opensearch": Image(
        9200,
        frozenset(
            {
                "discovery.type",
                "DISABLE_SECURITY_PLUGIN",
                "DISABLE_INSTALL_DEMO_CONFIG",
                "OPENSEARCH_JAVA_OPTS",
                "action.auto_create_index",
                "search.allow_expensive_queries",
            }
        ),
    ),
    "lake": Image(8333),
    "mails": Image(8025, frozenset({"MP_SMTP_BIND_ADDR", "MP_UI_BIND_ADDR"})),
}
"""Sources: the images' own docker-entrypoint.sh and pages of settings; none of them can be started here."""


def service(file: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = FILES[file]["services"][name]
    return found


def secret_names(found: dict[str, Any]) -> set[str]:
    return set(found.get("secrets", []))


def asked_for(found: dict[str, Any]) -> set[str]:
    """Return the secrets whose files a service's settings and command name."""
    return set(re.findall(r"/run/secrets/(\w+)", repr([found.get("environment"), found.get("command")])))


@OUR
def test_a_command_exists(file: str, name: str) -> None:
    program, *words = service(file, name)["command"]
    if program == "earshot":
        earshot_command([program, *words])
    elif program == "python":
        assert words[1] in (ROOT / "deploy" / Path(words[0]).name).read_text(encoding="utf-8")
    else:  # the next test asks Airflow itself
        assert program == "airflow"


def test_airflow_knows_its_commands_and_those_of_its_health_checks(tmp_path: Path) -> None:
    services = FILES["cluster"]["services"].values()
    commands = [s["command"][1:] for s in services if s.get("command", [""])[0] == "airflow"]
    checks = [shlex.split(s["healthcheck"]["test"][1])[1:] for s in services if "airflow jobs" in repr(s)]
    executor = service("cluster", "airflow-worker")["environment"]["AIRFLOW__CORE__EXECUTOR"]
    assert airflow_commands(commands + checks, tmp_path, AIRFLOW__CORE__EXECUTOR=executor) == 5 + 2


@OUR
def test_a_setting_exists_and_a_secret_comes_from_a_file(file: str, name: str) -> None:
    for variable, value in service(file, name).get("environment", {}).items():
        if variable.startswith("AIRFLOW__"):
            section, key = re.fullmatch(r"AIRFLOW__(\w+?)__(\w+)", variable).groups()  # type: ignore[union-attr]
            may_be_secret = airflow_settings()[section, key.removesuffix("_CMD")]
            assert may_be_secret == key.endswith("_CMD"), f"{variable}: what may be a secret is read from a file"
            assert not may_be_secret or re.fullmatch(r"cat /run/secrets/\w+", value)
        elif variable.startswith("EARSHOT_"):
            assert variable.removesuffix("_FILE") in variables()
            assert re.search(r"TOKEN|PASSWORD|KEY", variable) is None or variable.endswith("_FILE")
        else:
            assert variable in OTHERS


@EVERY
def test_a_service_sees_the_secrets_it_reads_and_no_more(file: str, name: str) -> None:
    found = service(file, name)
    script = (ROOT / "deploy" / "databases.sh").read_text() if name == "postgres" else ""
    read_by_script = {secret for secret in FILES[file]["secrets"] if f" {secret}\n" in script}
    assert secret_names(found) == asked_for(found) | read_by_script
    assert secret_names(found) <= FILES[file]["secrets"].keys()


@EVERY
def test_a_service_has_no_right_and_no_amount_it_does_not_need(file: str, name: str) -> None:
    found = service(file, name)
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["read_only"] is (name != "opensearch")
    # OpenSearch's image is made for its own user, which is not root.
    assert found.get("user", "") == ("" if name == "opensearch" else "1000:1000")
    assert re.fullmatch(r"\d+[mg]", str(found["mem_limit"]))
    assert found["pids_limit"] <= (4096 if name == "opensearch" else 512)
    assert file == "one-machine" or found["cpus"] == "2"
    assert found["tmpfs"][0] == ("/tmp:exec" if name == "opensearch" else "/tmp"), (
        "programs are loaded from it by one only"
    )
    assert all(port.startswith("127.0.0.1:") for port in found.get("ports", []))
    assert "docker.sock" not in repr(found.get("volumes", []))
    assert found["restart"] == ("no" if name == "airflow-init" else "unless-stopped")


@EVERY
def test_a_service_that_lasts_is_asked_for_its_health(file: str, name: str) -> None:
    found = service(file, name)
    if found["restart"] == "no":
        return
    kind, *words = found["healthcheck"]["test"]
    assert kind in ("CMD", "CMD-SHELL")
    if words[:2] == ["python", "-c"]:
        ast.parse(words[2])
    elif words[0] == "earshot":
        earshot_command(words)
    elif words[0].startswith("airflow "):
        assert "jobs check" in words[0]  # parsed above
    elif words[0].startswith("celery "):
        module = shlex.split(words[0])[2].rpartition(".")[0]
        root = importlib.util.find_spec("airflow")
        assert root
        assert root.submodule_search_locations
        parent = Path(next(iter(root.submodule_search_locations))).parent
        text = parent.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
        assert re.search(r"\bapp\b", text)
    else:  # a program of another image; the test of the cluster runs it
        assert words[0].split()[0] in {"pg_isready", "redis-cli", "curl", "wget", "/mailpit"}


def test_ports_are_those_that_services_listen_on() -> None:
    for name, port in (("serve", 8080), ("airflow-apiserver", 8080)):
        found = service("cluster", name)
        assert found["command"][-1] == str(port)
        assert [mapping.rpartition(":")[2] for mapping in found["ports"]] == [str(port)]
        assert f":{port}/" in found["healthcheck"]["test"][-1]
    settings = service("cluster", "airflow-scheduler")["environment"]
    checked = service("cluster", "airflow-scheduler")["healthcheck"]["test"][-1]
    port = settings["AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT"]
    assert f"{settings['AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST']}:{port}/" in checked
    assert settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://airflow-apiserver:8080/execution/"


@pytest.mark.parametrize("name", OTHER_IMAGES)
def test_a_service_of_another_image_is_found_where_it_listens(name: str, tmp_path: Path) -> None:
    """Where a file says which port that is, it is read there; else it is the program's own."""
    make_secrets(tmp_path)
    found, port = service("cluster", name), OTHER_IMAGES[name].port
    worker = service("cluster", "airflow-worker")["environment"]
    said = " ".join(file.read_text() for file in tmp_path.iterdir()) + repr(worker)
    assert {int(each) for each in re.findall(rf"[@/]{name}:(\d+)", said)} <= {port}
    checked = found["healthcheck"]["test"][-1]
    assert {int(each) for each in re.findall(r"127\.0\.0\.1:(\d+)", checked)} <= {port}
    assert all(mapping.endswith(f":{port}") for mapping in found.get("ports", []))
    told = re.findall(r"-s3\.port=(\d+)|MP_UI_BIND_ADDR': '0\.0\.0\.0:(\d+)", repr(found))
    assert {int(one or other) for one, other in told} <= {port}


def test_the_mail_catcher_takes_mail_where_the_comment_says() -> None:
    (port,) = re.findall(r"host: mails, port: (\d+)", CLUSTER.read_text())
    assert service("cluster", "mails")["environment"]["MP_SMTP_BIND_ADDR"] == f"0.0.0.0:{port}"


@pytest.mark.parametrize("name", OTHER_IMAGES)
def test_a_setting_of_another_image_is_one_that_it_knows(name: str) -> None:
    given = service("cluster", name).get("environment", {})
    assert given.keys() == OTHER_IMAGES[name].settings
    tried = (ROOT / "scripts" / "engines" / "nodes.py").read_text()
    for setting in (each for each in given if "." in each):
        assert f'"{setting}": {str(given[setting]).capitalize()}' in tried or setting == "discovery.type"


def test_of_the_object_store_only_what_asks_for_a_key_is_reached_from_elsewhere() -> None:
    command = service("cluster", "lake")["command"]
    assert [word for word in command if "ip" in word.partition("=")[0]] == ["-ip=127.0.0.1", "-s3.ip.bind=0.0.0.0"]
    assert command[:2] == ["-logtostderr=true", "server"], "an option of the program itself, before its command"
    assert "-s3.config=/run/secrets/s3_identities" in command


def test_only_a_listener_with_a_token_listens_on_every_address() -> None:
    for file, name in OURS:
        if "0.0.0.0" in service(file, name)["command"]:
            assert "EARSHOT_DASHBOARDS_TOKEN_FILE" in service(file, name)["environment"]


def test_what_holds_data_is_reached_from_inside_only() -> None:
    networks = FILES["cluster"]["networks"]
    assert networks["inside"] == {"internal": True}
    for name in ("postgres", "redis", "opensearch", "lake"):
        assert service("cluster", name)["networks"] == ["inside"]
        assert "ports" not in service("cluster", name)


def test_hosts_in_settings_and_secrets_are_services(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    said = " ".join(file.read_text() for file in tmp_path.iterdir()) + repr(service("cluster", "airflow-worker"))
    hosts = set(re.findall(r"(?:@|http://)([a-z][a-z-]+):\d+", said))
    assert hosts == {"postgres", "redis", "opensearch", "lake", "airflow-apiserver"}
    assert hosts <= FILES["cluster"]["services"].keys()


def test_every_secret_is_made_before_the_first_start_and_is_read_by_nobody_else(tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    assert set(made) == FILES["cluster"]["secrets"].keys() >= FILES["one-machine"]["secrets"].keys()
    for name, given in FILES["cluster"]["secrets"].items():
        assert given == {"file": f"./secrets/{name}"}
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    texts = {name: (tmp_path / name).read_text() for name in made}
    assert make_secrets(tmp_path) == []
    assert {name: (tmp_path / name).read_text() for name in made} == texts
    assert texts["record_password"] in texts["record_url"]
    assert texts["airflow_database_password"] in texts["airflow_database_url"]
    assert texts["redis_conf"].split()[1] in texts["airflow_broker_url"]
    (identity,) = json.loads(texts["s3_identities"])["identities"]
    (pair,) = identity["credentials"]
    as_botocore = f"aws_access_key_id = {pair['accessKey']}\naws_secret_access_key = {pair['secretKey']}\n"
    assert texts["s3_credentials"] == f"[default]\n{as_botocore}"


def first_time(folder: Path, *arguments: str, code: int = 0) -> str:
    """Run the script over `folder`; return all that it said."""
    command = [shutil.which("python3") or "python3", ROOT / "deploy" / "first_time.py", "--dir", folder, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def mounted(file: str) -> set[str]:
    """Return what the services of a file mount out of the folder beside it."""
    mounts = {m.split(":")[0] for s in FILES[file]["services"].values() for m in s.get("volumes", [])}
    own = {m for m in mounts if m.startswith("./deploy")}
    assert all((ROOT / mount).exists() for mount in own)
    return mounts - own - FILES[file].get("volumes", {}).keys()


@pytest.mark.parametrize("file", FILES)
def test_the_first_time_lays_out_what_the_file_mounts_and_names(file: str, tmp_path: Path) -> None:
    said = first_time(tmp_path, *(["--one-machine"] if file == "one-machine" else []))
    assert all((tmp_path / mount).is_dir() for mount in mounted(file))
    assert {path.name for path in (tmp_path / "secrets").iterdir()} == FILES[file]["secrets"].keys()
    assert not any(path.read_text() in said for path in (tmp_path / "secrets").iterdir()), "no secret is shown"
    if file == "cluster":
        assert {f"./data/{name}" for name in FOLDERS} <= mounted(file)
    before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert "every secret was there" in first_time(tmp_path, *(["--one-machine"] if file == "one-machine" else []))
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("before", ["RUN_UID=1234\nRUN_GID=1234\n", "WORKSPACE_DIR=ours\n", ""])
def test_a_short_env_of_one_machine_is_enough_for_the_cluster(before: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(before)
    first_time(tmp_path, "--one-machine")
    token = (tmp_path / "secrets" / "dashboards_token").read_text()
    first_time(tmp_path)
    assert (tmp_path / ".env").read_text() == before
    assert (tmp_path / ("ours" if "ours" in before else "workspace")).is_dir()
    assert (tmp_path / "data" / "postgres").is_dir()
    assert (tmp_path / "secrets" / "dashboards_token").read_text() == token


def test_services_never_run_as_root_whoever_calls_it(tmp_path: Path) -> None:
    first_time(tmp_path)
    chosen = dict(re.findall(r"^(RUN_[UG]ID)=(\d+)$", (tmp_path / ".env").read_text(), re.MULTILINE))
    owner = (1000, 1000) if os.getuid() == 0 else (os.getuid(), os.getgid())
    assert (int(chosen["RUN_UID"]), int(chosen["RUN_GID"])) == owner
    for path in (tmp_path / "secrets", *(tmp_path / "secrets").iterdir(), *(tmp_path / "data").iterdir()):
        assert (path.stat().st_uid, path.stat().st_gid) == owner
    (tmp_path / ".env").write_text("RUN_UID=0\nRUN_GID=0\n")
    said = first_time(tmp_path, code=1)
    assert "do not run as root" in said
    assert said.count("\n") == 1


def test_the_script_of_the_databases_is_run_and_not_read_into_the_images_own() -> None:
    script = ROOT / "deploy" / "databases.sh"
    assert os.access(script, os.X_OK)
    listed = subprocess.run(["git", "ls-files", "-s", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert listed.stdout.startswith("100755 ")


def test_databases_are_those_of_the_addresses(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    script = (ROOT / "deploy" / "databases.sh").read_text()
    made = dict(re.findall(r"^create (\w+) (\w+)$", script, re.MULTILINE))
    for url, name in (("record_url", "earshot"), ("airflow_database_url", "airflow")):
        password = (tmp_path / made[name]).read_text()
        assert (tmp_path / url).read_text() == f"postgresql://{name}:{password}@postgres:5432/{name}"


def test_the_example_names_every_variable_with_its_default() -> None:
    asked = names(CLUSTER) | names(ONE_MACHINE)
    assert ENVIRONMENT_EXAMPLE.keys() == asked.keys()
    assert {name: default for name, default in asked.items() if default} == ENVIRONMENT_EXAMPLE


def test_no_task_may_take_as_long_as_the_broker_waits() -> None:
    seconds = int(
        service("cluster", "airflow-worker")["environment"][
            "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"
        ]
    )
    said = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "dags").rglob("*.py"))
    hours = [int(h) for h in re.findall(r"execution_timeout=timedelta\(hours=(\d+)\)", said)]
    assert hours
    assert timedelta(hours=max(hours)) < timedelta(seconds=seconds)


def test_the_settings_are_those_of_several_machines_and_without_them_it_is_refused(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    (tmp_path / "earshot.yaml").write_text("name: Ours\n")
    whole = {
        name: value.replace("/run/secrets", str(tmp_path))
        for name, value in service("cluster", "airflow-worker")["environment"].items()
        if name.startswith(("EARSHOT_", "AIRFLOW__CORE__EXECUTOR"))
    }
    workspace, mistakes, _ = read_workspace(tmp_path, whole)
    assert workspace, mistakes
    for variable, field in (
        ("EARSHOT_RECORD_URL_FILE", "record.url"),
        ("EARSHOT_LAKE_URL", "lake.url"),
        ("EARSHOT_INDEX_ENGINE", "index.engine"),
    ):
        less = {name: value for name, value in whole.items() if name != variable}
        _, mistakes, _ = read_workspace(tmp_path, less)
        assert [mistake.field for mistake in mistakes] == [field]


def test_only_the_trial_profile_goes_without_a_login() -> None:
    for name, found in FILES["cluster"]["services"].items():
        assert found.get("profiles", []) == (["trial"] if name == "mails" else [])
        if "profiles" not in found:
            given = {k: v for k, v in found.get("environment", {}).items() if re.search("PASSWORD|SECRET|TOKEN", k)}
            assert all("/run/secrets/" in str(value) for value in given.values()), name


@pytest.mark.compose
@pytest.mark.parametrize("file", [CLUSTER, ONE_MACHINE], ids=lambda file: file.name)
def test_compose_itself_reads_it(file: Path) -> None:
    for more in ([], ["--profile", "trial"]):
        done = subprocess.run(
            ["docker-compose", "-f", file, *more, "config", "--quiet"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_values_of_airflows_chart_name_settings_that_exist_and_say_what_the_compose_file_says() -> None:
    values = YAML(typ="safe").load((ROOT / "deploy" / "kubernetes" / "airflow-values.yaml").read_text(encoding="utf-8"))
    compose = service("cluster", "airflow-worker")["environment"]
    given = {
        (section.upper(), key.upper()): value
        for section, keys in values["config"].items()
        for key, value in keys.items()
    }
    for (section, key), value in given.items():
        assert (section, key) in airflow_settings()
        if key != "BASE_URL":
            assert str(value) == compose[f"AIRFLOW__{section}__{key}"], key
    environ = {line["name"]: line["value"] for line in values["env"]}
    mounted = {mount["mountPath"] for mount in values["volumeMounts"]}
    for name, value in environ.items():
        assert (
            name in OTHERS | {"EARSHOT_WORKSPACE", "AIRFLOW__CORE__EXECUTOR"}
            or name.removesuffix("_FILE") in variables()
        )
        assert not value.startswith("/") or any(value.startswith(path) for path in mounted)
    assert {name for name in compose if not name.startswith("AIRFLOW__")} <= environ.keys()
    assert values["executor"] == environ["AIRFLOW__CORE__EXECUTOR"] == compose["AIRFLOW__CORE__EXECUTOR"]
    assert values["uid"] == int(instructions("USER")[0].split(":")[0])
    groomed = [part for part in ("scheduler", "dagProcessor", "triggerer", "workers") if part in values]
    assert [values[part]["logGroomerSidecar"] for part in groomed] == [{"enabled": False}] * 4
    assert f'airflow=="{values["airflowVersion"]}'.replace('"', "") in (ROOT / "locks" / "cluster.txt").read_text()


def test_the_chart_s_settings_refuse_what_only_one_machine_has(tmp_path: Path) -> None:
    values = YAML(typ="safe").load((ROOT / "deploy" / "kubernetes" / "airflow-values.yaml").read_text(encoding="utf-8"))
    environ = {line["name"]: line["value"] for line in values["env"] if not line["value"].startswith("/")}
    environ = {name: value for name, value in environ.items() if not name.startswith("EARSHOT_INDEX")}
    (tmp_path / "earshot.yaml").write_text("name: Ours\n")
    _, mistakes, _ = read_workspace(tmp_path, environ)
    assert {mistake.field for mistake in mistakes} == {"record.url", "index.engine"}
    assert all("CeleryExecutor runs on several" in mistake.what for mistake in mistakes)
