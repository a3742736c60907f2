"""A real S3 server on loopback, empty at every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.commands import tactful

__all__ = ["tactful"]

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
Put = Callable[[str, bytes], str]


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def put(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Put]:
    """Puts an object in the bucket `logs` and gives its URL."""
    import boto3
    import s3fs

    for name, value in {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    client = boto3.client("s3")
    client.create_bucket(Bucket="logs")

    def one(key: str, content: bytes) -> str:
        client.put_object(Bucket="logs", Key=key, Body=content)
        return f"s3://logs/{key}"

    yield one
    for item in client.list_objects_v2(Bucket="logs").get("Contents", []):
        client.delete_object(Bucket="logs", Key=item["Key"])
    client.delete_bucket(Bucket="logs")
    client.close()
