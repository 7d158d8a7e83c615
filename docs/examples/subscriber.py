"""Keep the newest credit of every conversion, whatever comes twice, late or out of order."""

import json
import os

from kafka import KafkaConsumer

topic = os.environ.get("EVENHAND_TOPIC_PREFIX", "evenhand.") + "credits"
servers = os.environ.get("EVENHAND_KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")
messages = KafkaConsumer(
    topic, bootstrap_servers=servers, isolation_level="read_committed", auto_offset_reset="earliest"
)
newest: dict[tuple[str, str], int] = {}
for record in messages:
    credit = json.loads(record.value)
    conversion = (credit["contact_id"], credit["conversion_id"])
    if credit["version"] > newest.get(conversion, 0):
        newest[conversion] = credit["version"]
        print(*conversion, credit["version"], json.dumps(credit["dimensions"]), sep="\t", flush=True)
