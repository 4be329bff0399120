import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads alerts and writes each of them once, whatever happens to this program. With Java 17 and Kafka's client:
 *
 * <pre>java -cp 'libs/*' Subscriber.java localhost:9092 leadpulse alerts.txt</pre>
 *
 * A line of the file is both what is done about an alert and the note that it was done: it begins with the alert's id.
 * So an alert that is read again, because the program was killed before its position was stored, is recognised.
 */
public final class Subscriber {
  public static void main(String[] arguments) throws Exception {
    String bootstrap = arguments[0];
    String topic = arguments[1] + ".alerts";
    Path file = Path.of(arguments[2]);
    Set<String> done = readIds(file);
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", bootstrap,
        "group.id", "sales-alerts",
        "isolation.level", "read_committed", // Java's default also shows what was rolled back
        "auto.offset.reset", "earliest",
        "enable.auto.commit", false);
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(topic));
      while (true) {
        var records = consumer.poll(Duration.ofSeconds(1));
        for (ConsumerRecord<String, byte[]> record : records) {
          String id = idOf(record);
          if (done.add(id)) {
            String line = id + "\t" + record.key() + "\t" + new String(record.value(), StandardCharsets.UTF_8) + "\n";
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND, StandardOpenOption.SYNC);
          }
        }
        if (!records.isEmpty()) {
          consumer.commitSync();
        }
      }
    }
  }

  /** The ids of the whole lines; the last may have been cut short by a kill, and is taken off the file. */
  private static Set<String> readIds(Path file) throws Exception {
    Set<String> ids = new HashSet<>();
    if (!Files.exists(file)) {
      return ids;
    }
    String content = Files.readString(file);
    String whole = content.substring(0, content.lastIndexOf('\n') + 1);
    Files.writeString(file, whole, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.SYNC);
    whole.lines().forEach(line -> ids.add(line.substring(0, line.indexOf('\t'))));
    return ids;
  }

  /** The id is in a header too, so that nothing needs to be parsed to recognise a record. */
  private static String idOf(ConsumerRecord<String, byte[]> record) {
    Header header = record.headers().headers("ce_id").iterator().next();
    return new String(header.value(), StandardCharsets.UTF_8);
  }
}
