package bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/**
 * Linear attribution, Processor API. Both topics feed ONE processor (one sub-topology, so one task per partition pair):
 * Kafka Streams picks the buffered record with the smallest event time, and max.task.idle.ms (default 0) makes it fetch
 * what the broker already has for the other topic before it picks. The store is a RocksDB window store with duplicates,
 * as the stream-stream join uses: a put is blind, a read is a time-range scan, and expiry drops whole segments.
 */
public final class LinearAttribution {
    static final long MAX_LIFETIME_MS = Duration.ofDays(14).toMillis();
    static final JsonFactory JSON = new JsonFactory();

    record Touchpoint(String id, long occurred, long expires, String department, String channel, String platform) {}

    record Conversion(String id, String contact, long occurred, long pennies, String currency) {}

    static int num(String s, int from, int to) {
        int n = 0;
        for (int i = from; i < to; i++) n = n * 10 + (s.charAt(i) - '0');
        return n;
    }

    /** "2025-01-01T00:00:00.123Z", fixed width. */
    static long millis(String s) {
        int y = num(s, 0, 4), m = num(s, 5, 7), d = num(s, 8, 10);
        y -= m <= 2 ? 1 : 0;
        int era = y / 400, yoe = y - era * 400;
        int doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
        long days = era * 146097L + (yoe * 365L + yoe / 4 - yoe / 100 + doy) - 719468L;
        return days * 86_400_000L + num(s, 11, 13) * 3_600_000L + num(s, 14, 16) * 60_000L + num(s, 17, 19) * 1000L + num(s, 20, 23);
    }

    static long pennies(String s) {
        int dot = s.indexOf('.');
        return Long.parseLong(s, 0, dot, 10) * 100 + Long.parseLong(s, dot + 1, s.length(), 10);
    }

    static final Deserializer<Touchpoint> TOUCHPOINT = (topic, bytes) -> {
        try (JsonParser p = JSON.createParser(bytes)) {
            String id = null, dep = null, chan = null, plat = null;
            long at = 0, life = 0;
            p.nextToken();
            while (p.nextToken() != JsonToken.END_OBJECT) {
                String f = p.currentName();
                p.nextToken();
                switch (f) {
                    case "event_id" -> id = p.getText();
                    case "occurred_at" -> at = millis(p.getText());
                    case "lifetime_s" -> life = p.getLongValue() * 1000;
                    case "dimensions" -> {
                        while (p.nextToken() != JsonToken.END_OBJECT) {
                            String g = p.currentName();
                            p.nextToken();
                            switch (g) {
                                case "department" -> dep = p.getText();
                                case "online_channel" -> chan = p.getText();
                                case "platform" -> plat = p.getText();
                                default -> p.skipChildren();
                            }
                        }
                    }
                    default -> p.skipChildren();
                }
            }
            return new Touchpoint(id, at, at + life, dep, chan, plat);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    };

    static final Deserializer<Conversion> CONVERSION = (topic, bytes) -> {
        try (JsonParser p = JSON.createParser(bytes)) {
            String id = null, contact = null, currency = null;
            long at = 0, value = 0;
            p.nextToken();
            while (p.nextToken() != JsonToken.END_OBJECT) {
                String f = p.currentName();
                p.nextToken();
                switch (f) {
                    case "event_id" -> id = p.getText();
                    case "contact_id" -> contact = p.getText();
                    case "occurred_at" -> at = millis(p.getText());
                    case "value" -> value = pennies(p.getText());
                    case "currency" -> currency = p.getText();
                    default -> p.skipChildren();
                }
            }
            return new Conversion(id, contact, at, value, currency);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    };

    /** Compact binary form for the store and its changelog. */
    static final Serde<Touchpoint> STATE = Serdes.serdeFrom((topic, t) -> {
        byte[][] parts = {
            t.id().getBytes(StandardCharsets.UTF_8), t.department().getBytes(StandardCharsets.UTF_8),
            t.channel().getBytes(StandardCharsets.UTF_8), t.platform().getBytes(StandardCharsets.UTF_8)};
        int n = 16;
        for (byte[] b : parts) n += 2 + b.length;
        ByteBuffer out = ByteBuffer.allocate(n).putLong(t.occurred()).putLong(t.expires());
        for (byte[] b : parts) out.putShort((short) b.length).put(b);
        return out.array();
    }, (topic, bytes) -> {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        long at = in.getLong(), end = in.getLong();
        return new Touchpoint(text(in, bytes), at, end, text(in, bytes), text(in, bytes), text(in, bytes));
    });

    static String text(ByteBuffer in, byte[] bytes) {
        int n = in.getShort();
        String s = new String(bytes, in.position(), n, StandardCharsets.UTF_8);
        in.position(in.position() + n);
        return s;
    }

    static final class EventTime implements TimestampExtractor {
        @Override
        public long extract(org.apache.kafka.clients.consumer.ConsumerRecord<Object, Object> r, long partitionTime) {
            return r.value() instanceof Touchpoint t ? t.occurred() : ((Conversion) r.value()).occurred();
        }
    }

    static final class Attribute implements Processor<String, Object, String, byte[]> {
        private ProcessorContext<String, byte[]> context;
        private WindowStore<String, Touchpoint> store;
        private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(1 << 16);
        private final List<Touchpoint> active = new ArrayList<>();

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
            this.store = context.getStateStore("touchpoints");
        }

        @Override
        public void process(Record<String, Object> record) {
            if (record.value() instanceof Touchpoint t) {
                store.put(record.key(), t, t.occurred());
                return;
            }
            Conversion c = (Conversion) record.value();
            active.clear();
            try (WindowStoreIterator<Touchpoint> it = store.fetch(record.key(), c.occurred() - MAX_LIFETIME_MS, c.occurred())) {
                while (it.hasNext()) {
                    Touchpoint t = it.next().value;
                    if (t.expires() >= c.occurred()) active.add(t);
                }
            }
            active.sort(Comparator.comparingLong(Touchpoint::occurred).thenComparing(Touchpoint::id));
            for (int i = active.size() - 1; i > 0; i--) { // a redelivered touchpoint is stored twice under at_least_once
                if (active.get(i).id().equals(active.get(i - 1).id())) active.remove(i);
            }
            context.forward(record.withKey(c.id()).withValue(credit(c)));
        }

        private byte[] credit(Conversion c) {
            buffer.reset();
            Map<String, Long> dep = new TreeMap<>(), chan = new TreeMap<>(), plat = new TreeMap<>();
            int n = active.size();
            long base = n == 0 ? 0 : c.pennies() / n, rest = n == 0 ? 0 : c.pennies() % n;
            try (JsonGenerator g = JSON.createGenerator(buffer)) {
                g.writeStartObject();
                g.writeStringField("conversion_id", c.id());
                g.writeStringField("contact_id", c.contact());
                g.writeStringField("currency", c.currency());
                g.writeNumberField("value", c.pennies());
                g.writeArrayFieldStart("credits");
                for (int i = 0; i < n; i++) {
                    Touchpoint t = active.get(i);
                    long v = i < rest ? base + 1 : base;
                    g.writeStartObject();
                    g.writeStringField("touchpoint_id", t.id());
                    g.writeNumberField("value", v);
                    g.writeObjectFieldStart("dimensions");
                    g.writeStringField("department", t.department());
                    g.writeStringField("online_channel", t.channel());
                    g.writeStringField("platform", t.platform());
                    g.writeEndObject();
                    g.writeEndObject();
                    dep.merge(t.department(), v, Long::sum);
                    chan.merge(t.channel(), v, Long::sum);
                    plat.merge(t.platform(), v, Long::sum);
                }
                g.writeEndArray();
                g.writeObjectFieldStart("by_dimension");
                sums(g, "department", dep);
                sums(g, "online_channel", chan);
                sums(g, "platform", plat);
                g.writeEndObject();
                g.writeNumberField("unattributed", n == 0 ? c.pennies() : 0);
                g.writeEndObject();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return buffer.toByteArray();
        }

        private static void sums(JsonGenerator g, String name, Map<String, Long> sums) throws IOException {
            g.writeObjectFieldStart(name);
            for (Map.Entry<String, Long> e : sums.entrySet()) g.writeNumberField(e.getKey(), e.getValue());
            g.writeEndObject();
        }
    }

    /** The same with a key-value store: key = contact, 0, occurred (8 bytes), id. Puts are idempotent; expiry is a daily sweep. */
    static final class AttributeKv implements Processor<String, Object, String, byte[]> {
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<Bytes, Touchpoint> store;
        private final Attribute split = new Attribute();

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
            this.store = context.getStateStore("touchpoints");
            context.schedule(Duration.ofDays(1), PunctuationType.STREAM_TIME, now -> {
                try (KeyValueIterator<Bytes, Touchpoint> it = store.all()) {
                    while (it.hasNext()) {
                        KeyValue<Bytes, Touchpoint> e = it.next();
                        if (e.value.expires() < now) store.delete(e.key);
                    }
                }
            });
        }

        private static Bytes key(String contact, long at, String id) {
            byte[] c = contact.getBytes(StandardCharsets.UTF_8), i = id.getBytes(StandardCharsets.UTF_8);
            return Bytes.wrap(ByteBuffer.allocate(c.length + 9 + i.length).put(c).put((byte) 0).putLong(at).put(i).array());
        }

        @Override
        public void process(Record<String, Object> record) {
            if (record.value() instanceof Touchpoint t) {
                store.put(key(record.key(), t.occurred(), t.id()), t);
                return;
            }
            Conversion c = (Conversion) record.value();
            split.active.clear();
            try (KeyValueIterator<Bytes, Touchpoint> it = store.range(
                    key(record.key(), c.occurred() - MAX_LIFETIME_MS, ""), key(record.key(), c.occurred() + 1, ""))) {
                while (it.hasNext()) {
                    Touchpoint t = it.next().value;
                    if (t.occurred() <= c.occurred() && t.expires() >= c.occurred()) split.active.add(t);
                }
            }
            context.forward(record.withKey(c.id()).withValue(split.credit(c)));
        }
    }

    static String env(String name) {
        return java.util.Objects.requireNonNull(System.getenv(name), name);
    }

    public static void main(String[] args) throws Exception {
        String guarantee = args.length > 0 ? args[0] : StreamsConfig.AT_LEAST_ONCE;
        String threads = args.length > 1 ? args[1] : "1";
        boolean kv = args.length > 2 && args[2].equals("kv");
        Topology topology = new Topology();
        topology.addSource((Topology.AutoOffsetReset) null, "touchpoints-in", new EventTime(), new StringDeserializer(), TOUCHPOINT, env("RACE_TOUCHPOINTS"));
        topology.addSource((Topology.AutoOffsetReset) null, "conversions-in", new EventTime(), new StringDeserializer(), CONVERSION, env("RACE_CONVERSIONS"));
        ProcessorSupplier<String, Object, String, byte[]> processor = kv ? AttributeKv::new : Attribute::new;
        topology.addProcessor("attribute", processor, "touchpoints-in", "conversions-in");
        if (kv) {
            topology.addStateStore(Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore("touchpoints"), Serdes.Bytes(), STATE), "attribute");
        } else {
            topology.addStateStore(Stores.windowStoreBuilder(
                Stores.persistentWindowStore("touchpoints", Duration.ofDays(15), Duration.ofDays(14), true),
                Serdes.String(), STATE), "attribute");
        }
        topology.addSink("credits", env("RACE_CREDITS"), new StringSerializer(), new ByteArraySerializer(), "attribute");

        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, env("RACE_GROUP"));
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, env("RACE_BOOTSTRAP"));
        p.put(StreamsConfig.STATE_DIR_CONFIG, env("RACE_STATE_DIR"));
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
        p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, "1");
        p.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        p.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), 16 << 20);
        p.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        KafkaStreams streams = new KafkaStreams(topology, p);
        CountDownLatch done = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(e -> {
            e.printStackTrace();
            done.countDown();
            return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(Duration.ofSeconds(5));
            done.countDown();
        }));
        streams.start();
        done.await();
    }
}
