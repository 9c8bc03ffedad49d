"""What the real spawners ask of a container engine and of Kubernetes; neither of the two runs here.

DockerSpawner's requests go over HTTP to a small server of this test, which keeps them: what is compared is
what an engine would be told. KubeSpawner's own code makes the pods, from the values that are in admin/hub.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import kubernetes_asyncio.client
import pytest
import yaml
from dockerspawner import DockerSpawner
from jupyterhub import orm
from jupyterhub.objects import Hub
from jupyterhub.user import User
from kubespawner import KubeSpawner
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from admin.hub.cards import Cards, NoCardFree

HUB = Path(__file__).resolve().parents[2] / "admin" / "hub"


class Engine(BaseHTTPRequestHandler):
    """Answers what DockerSpawner asks of an engine; `told` keeps what containers were to be."""

    told: ClassVar[dict[str, Any]] = {}
    running: ClassVar[set[str]] = set()

    def do_POST(self) -> None:
        name = self.path.partition("name=")[2]
        self.told[name] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.running.add(name)
        self.answer(201, {"Id": name, "Warnings": []})

    def do_GET(self) -> None:
        name = self.path.split("/")[-2]
        if name in self.running:
            self.answer(200, {"Id": name, "State": {"Running": True}})
        else:
            self.answer(404, {"message": f"No such container: {name}"})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Engine]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
    Engine.told.clear()
    Engine.running.clear()
    monkeypatch.setattr(DockerSpawner, "_client", None)  # one for all spawners, and of the test before
    yield Engine
    server.shutdown()
    server.server_close()


def spawner(kind: type, config: Config, name: str, identity: int = 1, **settings: Any) -> Any:
    """A spawner of this kind, as a hub with this configuration makes one for a user."""
    database = orm.new_session_factory("sqlite:///:memory:")()
    of_database = orm.User(name=name, id=identity)
    database.add(of_database)
    database.commit()
    user = User(of_database, {"base_url": "/"}, db=database)
    made = kind(
        config=config,
        user=user,
        hub=Hub(ip="127.0.0.1", port=8081, base_url="/hub/"),
        orm_spawner=orm.Spawner(user=of_database, name=""),
        **settings,
    )
    made.port = 8888
    made.api_token = "a-token"
    return made


@pytest.fixture
def config(engine: type[Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The configuration as a hub reads it, on a machine with one whole card and one slice of another."""
    monkeypatch.setenv("CONVNET_CARDS", f"GPU-1f, {SLICE}")
    monkeypatch.setenv("CONVNET_CARDS_FILE", str(tmp_path / "cards.sqlite"))
    monkeypatch.setenv("CONVNET_USERS_FILE", str(tmp_path / "passwd"))
    return read("docker_spawning.py", "user_numbers.py")


def read(*names: str) -> Config:
    """These files of admin/hub, one after the other, and what an engine would have been asked otherwise."""
    settings = Config(
        {"DockerSpawner": {"client_kwargs": {"version": "1.47"}, "cmd": ["jupyterhub-singleuser"]}}
    )
    for name in names:
        settings.merge(PyFileConfigLoader(name, str(HUB)).load_config())
    return settings


SLICE = "MIG-9c5be0f0-6f4a-5f0e-8b3a-2f6d0c1e7a55"


def start(each: DockerSpawner) -> Any:
    """What the engine is told of its container."""
    asyncio.run(each.create_object())
    return Engine.told[each.container_name]


def cards_of(container: Any) -> list[Any]:
    return [request["DeviceIDs"] for request in container["HostConfig"]["DeviceRequests"]]


def test_a_container_has_the_card_its_user_and_its_bounds(config: Config):
    """Is one card named, as a slice or whole, and all the rest as the configuration says?"""
    container = start(spawner(DockerSpawner, config, "mira", 7))
    assert container["HostConfig"]["DeviceRequests"] == [
        {"Driver": "nvidia", "Count": 0, "DeviceIDs": ["GPU-1f"], "Capabilities": [["gpu"]], "Options": {}}
    ]
    assert container["User"] == "10007:100"
    assert container["Image"] == "convnet-student"
    told = {key: container["HostConfig"][key] for key in ("AutoRemove", "Memory", "ShmSize", "PidsLimit")}
    assert told == {"AutoRemove": True, "Memory": 6 * 1024**3, "ShmSize": 1024**3, "PidsLimit": 512}
    assert container["HostConfig"]["CapDrop"] == ["ALL"]
    assert container["HostConfig"]["SecurityOpt"] == ["no-new-privileges"]
    assert container["HostConfig"]["Binds"] == [
        "convnet-home-mira:/home/student:rw",
        "/srv/nbgrader/exchange:/srv/nbgrader/exchange:rw",
        "/srv/convnet/datasets:/srv/convnet/datasets:ro",
    ]
    assert "JUPYTERHUB_USER=mira" in container["Env"]
    assert cards_of(start(spawner(DockerSpawner, config, "jonas", 8))) == [[SLICE]]


def test_who_comes_when_no_card_is_free_reads_one_sentence(config: Config):
    """Is a third server refused with what the hub shows, and does it get the card that is given back?"""
    first, second, third = (spawner(DockerSpawner, config, name) for name in ("mira", "jonas", "lee"))
    start(first), start(second)
    with pytest.raises(NoCardFree) as refused:
        start(third)
    assert refused.value.jupyterhub_message == (
        "All 2 graphics cards are in use: try again when somebody has stopped their server."
    )
    Engine.running.discard(first.container_name)
    asyncio.run(first.post_stop_hook(first))
    assert cards_of(start(third)) == [["GPU-1f"]]


def test_a_container_that_does_not_stop_keeps_its_card(config: Config):
    """The hub gave up stopping it and says that it has stopped: is its card still its own?"""
    first, second, third = (spawner(DockerSpawner, config, name) for name in ("mira", "jonas", "lee"))
    start(first), start(second)
    asyncio.run(first.post_stop_hook(first))
    with pytest.raises(NoCardFree):
        start(third)


def test_a_hub_that_starts_again_knows_who_has_which_card(config: Config):
    """With the configuration read anew: the same card for the same server, another for another?"""
    start(spawner(DockerSpawner, config, "mira"))
    again = read("docker_spawning.py", "user_numbers.py")
    assert cards_of(start(spawner(DockerSpawner, again, "jonas"))) == [[SLICE]]
    assert cards_of(start(spawner(DockerSpawner, again, "mira"))) == [["GPU-1f"]]


def test_no_two_servers_get_one_card_when_all_ask_at_once(tmp_path: Path):
    """Forty threads, each with a connection of its own, for thirty cards: thirty different ones given?"""
    cards = Cards(tmp_path / "cards.sqlite", [str(number) for number in range(30)])

    def ask(number: int) -> str | None:
        try:
            return cards.take(f"student-{number}/")
        except NoCardFree:
            return None

    with ThreadPoolExecutor(40) as pool:
        given = list(pool.map(ask, range(40)))
    assert sorted(filter(None, given), key=int) == list(cards.names)
    assert given.count(None) == 10


def test_a_card_that_is_off_the_list_is_not_given_again(tmp_path: Path):
    """A card was taken out of the machine: does its holder get another?"""
    file = tmp_path / "cards.sqlite"
    assert Cards(file, ["0", "1"]).take("mira/") == "0"
    shorter = Cards(file, ["1", "2"])
    assert shorter.take("mira/") == "1"
    assert shorter.held() == {"1": "mira/"}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "is empty"),
        (["0", "0"], "stands in the list of graphics cards twice"),
        (["all"], "'all' in the list of graphics cards is neither"),
        (["0", "GPU-1f"], "name all of them in one way"),
    ],
)
def test_a_list_that_would_share_a_card_is_refused(names: list[str], words: str, tmp_path: Path):
    with pytest.raises(ValueError, match=words):
        Cards(tmp_path / "cards.sqlite", names)


# ------------------------------------------------------------------------------------------ numbers of users


def test_students_have_numbers_and_the_collector_has_their_names(config: Config, tmp_path: Path):
    """Is each student in the list once, with the newest number, and a name that would break it refused?"""
    for name, identity in (("mira", 6), ("jonas", 8), ("mira", 7)):
        each = spawner(DockerSpawner, config, name, identity)
        each.pre_spawn_hook(each)
    assert (tmp_path / "passwd").read_text() == (
        "jonas:x:10008:100::/home/student:/bin/sh\nmira:x:10007:100::/home/student:/bin/sh\n"
    )
    odd = spawner(DockerSpawner, config, "root:x:0", 9)
    with pytest.raises(ValueError, match="no name for the list of users"):
        odd.pre_spawn_hook(odd)


# ------------------------------------------------------------------------------------------------ Kubernetes

VALUES = yaml.safe_load((HUB / "zero-to-jupyterhub.yaml").read_text(encoding="utf-8"))
CHARTS_OWN = [
    {"effect": "NoSchedule", "key": "hub.jupyter.org/dedicated", "operator": "Equal", "value": "user"}
]


def pod(profile: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The pod of a student who chose this profile, with the values as the chart hands them to KubeSpawner."""
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)  # the address of a cluster
    values = VALUES["singleuser"]
    settings = read("user_numbers.py")
    settings.KubeSpawner.update(
        image=f"{values['image']['name']}:{values['image']['tag']}",
        cmd=values["cmd"],
        fs_gid=values["fsGid"],
        cpu_guarantee=values["cpu"]["guarantee"],
        cpu_limit=values["cpu"]["limit"],
        mem_guarantee=values["memory"]["guarantee"],
        mem_limit=values["memory"]["limit"],
        volumes=values["storage"]["extraVolumes"],
        volume_mounts=values["storage"]["extraVolumeMounts"],
        tolerations=CHARTS_OWN,
        profile_list=values["profileList"],
    )

    async def made() -> Any:
        each = spawner(KubeSpawner, settings, "mira", 7, user_options={"profile": profile})
        await each.load_user_options()
        return each.api.api_client.sanitize_for_serialization(await each.get_pod_manifest())

    manifest: dict[str, Any] = asyncio.run(made())
    return manifest


@pytest.mark.parametrize(
    ("profile", "cards", "memory"),
    [
        ("cpu", {}, ("1536M", "3G")),
        ("gpu-slice", {"nvidia.com/mig-1g.10gb": "1"}, ("5G", "6G")),
        ("gpu", {"nvidia.com/gpu": "1"}, ("5G", "6G")),
    ],
)
def test_a_profile_makes_the_pod_that_it_promises(
    profile: str, cards: dict[str, str], memory: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    """The card that was chosen and no other, the memory for what it trains, and a place where cards are?"""
    spec = pod(profile, monkeypatch)["spec"]
    (container,) = spec["containers"]
    guaranteed, limit = (in_bytes(size) for size in memory)
    assert container["resources"]["limits"] == {"cpu": 2.0, "memory": limit, **cards}
    assert container["resources"]["requests"] == {"cpu": 0.5, "memory": guaranteed, **cards}
    keys = {toleration["key"] for toleration in spec["tolerations"]}
    assert CHARTS_OWN[0]["key"] in keys
    assert ("nvidia.com/gpu" in keys) == bool(cards)


def in_bytes(size: str) -> int:
    return int(size[:-1]) * 1024 ** {"M": 2, "G": 3}[size[-1]]


def test_a_pod_shares_what_is_shared_and_nothing_more(monkeypatch: pytest.MonkeyPatch):
    """Data read-only, the exchange for all, /dev/shm from memory, a number of the student's own?"""
    spec = pod("cpu", monkeypatch)["spec"]
    (container,) = spec["containers"]
    mounts = {
        mount["mountPath"]: (mount["name"], mount.get("readOnly", False))
        for mount in container["volumeMounts"]
    }
    assert mounts == {
        "/srv/nbgrader/exchange": ("exchange", False),
        "/srv/convnet/datasets": ("datasets", True),
        "/dev/shm": ("shm", False),
    }
    volumes = {volume.pop("name"): volume for volume in spec["volumes"]}
    assert volumes["shm"] == {"emptyDir": {"medium": "Memory", "sizeLimit": "512Mi"}}
    assert volumes["datasets"] == {
        "persistentVolumeClaim": {"claimName": "convnet-datasets", "readOnly": True}
    }
    assert container["securityContext"] == {
        "runAsUser": 10007,
        "runAsGroup": 100,
        "allowPrivilegeEscalation": False,
    }
    assert spec["securityContext"] == {"fsGroup": 100}
    assert spec["automountServiceAccountToken"] is False


def test_the_grader_is_one_pod_without_root_that_watches():
    """Does Kubernetes' own client know every field, and are the volumes those of the students?"""
    *claims, deployment = yaml.safe_load_all((HUB / "grading-deployment.yaml").read_text(encoding="utf-8"))
    assert unknown_fields(deployment, "V1Deployment") == []
    assert [name for claim in claims for name in unknown_fields(claim, "V1PersistentVolumeClaim")] == []
    spec = deployment["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert deployment["spec"]["replicas"] == 1
    assert container["args"] == ["grade", "--watch", "--course", "/srv/course/convnet"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    modes = {claim["metadata"]["name"]: claim["spec"]["accessModes"] for claim in claims}
    used = {volume["persistentVolumeClaim"]["claimName"] for volume in spec["volumes"]}
    students = VALUES["singleuser"]["storage"]["extraVolumes"] + VALUES["hub"]["extraVolumes"]
    shared = {
        each["persistentVolumeClaim"]["claimName"] for each in students if "persistentVolumeClaim" in each
    }
    assert used | shared == set(modes)
    assert all(modes[name] == ["ReadWriteMany"] for name in shared)
    assert modes["convnet-course"] == ["ReadWriteOnce"]
    assert "convnet-course" not in shared


def unknown_fields(given: Any, kind: str) -> list[str]:
    """The fields of a manifest that this kind of Kubernetes' API does not have, at any depth."""
    if kind.startswith(("list[", "dict(")):
        inner = kind[5:-1].split(", ")[-1]
        each = given.values() if kind.startswith("dict(") else given
        return [name for one in each for name in unknown_fields(one, inner)]
    model = getattr(kubernetes_asyncio.client, kind, None)
    if model is None:
        return []
    fields = {outside: model.openapi_types[inside] for inside, outside in model.attribute_map.items()}
    return [
        found
        for name, value in given.items()
        for found in (unknown_fields(value, fields[name]) if name in fields else [f"{kind}.{name}"])
    ]
