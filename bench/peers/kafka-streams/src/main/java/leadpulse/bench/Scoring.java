package leadpulse.bench;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The reference job on Kafka Streams: bootstrap, input, output, model, job, state directory, application id. */
public final class Scoring {
    private static final long CACHE_BYTES = 64L << 20;

    private Scoring() {}

    public static void main(String[] arguments) throws IOException {
        JsonNode job = new ObjectMapper().readTree(new File(arguments[4]));
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[5]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[6]);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, CACHE_BYTES);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");

        StoreBuilder<KeyValueStore<byte[], Lead>> leads = Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore(Scorer.STORE), Serdes.ByteArray(), Lead.serde())
                .withCachingEnabled();
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(leads);
        builder.stream(arguments[1], Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
                .process(() -> scorer(job, arguments[3]), Scorer.STORE)
                .to(arguments[2], Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));

        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    private static Scorer scorer(JsonNode job, String model) {
        try {
            return new Scorer(job, model);
        } catch (OrtException error) {
            throw new IllegalStateException(error);
        }
    }
}
