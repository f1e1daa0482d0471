"""The published revocation consumers, unchanged, on the streams of a production deployment.

Usage: published_revocation.py REDIS_URL STREAM_KEY_FILE ZONE ANCHOR…

Says "following" once they follow both streams, and ends well once their store knows every anchor as revoked and an
epoch of the zone. What it does not know in time is named.
"""

import pathlib
import sys
import time

import redis
from caracalai_revocation_redis import (
    DELEGATION_INVALIDATION_STREAM,
    REVOCATION_STREAM,
    RedisDelegationInvalidationConsumer,
    RedisRevocationConsumer,
    RedisRevocationStore,
)

WITHIN_SECONDS = 60


def main(url, key_file, zone, anchors):
    client = redis.Redis.from_url(url, decode_responses=True)
    # Failing closed would know everything as revoked.
    store = RedisRevocationStore(client, fail_closed=False)
    key = bytes.fromhex(pathlib.Path(key_file).read_text().strip())
    consumers = [
        kind(client, store, "resource-server", block_ms=50, stream_hmac_key=key, require_signature=True)
        for kind in (RedisRevocationConsumer, RedisDelegationInvalidationConsumer)
    ]
    for consumer in consumers:
        consumer.ensure_group()
    for anchor in anchors:
        assert not store.is_revoked(anchor), f"{anchor} is revoked before anything happened"
    print("following", flush=True)
    deadline = time.monotonic() + WITHIN_SECONDS
    missing = list(anchors)
    while missing or not store.current_delegation_epoch(zone):
        if time.monotonic() > deadline:
            sys.exit(f"not heard of: {missing}; epoch {store.current_delegation_epoch(zone)}")
        for consumer in consumers:
            consumer.poll_once()
        missing = [anchor for anchor in missing if not store.is_revoked(anchor)]
    for stream in (REVOCATION_STREAM, DELEGATION_INVALIDATION_STREAM):
        assert not client.exists(f"{stream}.dead"), f"entries of {stream} were put aside"
    print("heard of all")


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
