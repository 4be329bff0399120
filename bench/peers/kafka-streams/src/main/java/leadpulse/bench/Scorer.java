package leadpulse.bench;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Folds each call into its lead's state, scores it, and forwards a change where there is one. */
final class Scorer implements Processor<byte[], byte[], byte[], byte[]> {
    static final String STORE = "leads";
    private static final JsonFactory JSON = new JsonFactory();

    private final Features features;
    private final Model model;
    private final float[] row;
    private final float[] edges;
    private final String[] tiers;
    private final float least;
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<byte[], Lead> leads;

    Scorer(JsonNode job, String model) throws OrtException {
        features = new Features(job);
        this.model = new Model(model, features.size());
        row = new float[features.size()];
        edges = new float[job.get("edges").size()];
        for (int place = 0; place < edges.length; place++) {
            edges[place] = (float) job.get("edges").get(place).asDouble();
        }
        tiers = new String[job.get("tiers").size()];
        for (int place = 0; place < tiers.length; place++) {
            tiers[place] = job.get("tiers").get(place).asText();
        }
        least = (float) job.at("/decisions/change_log_odds").asDouble();
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        leads = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        try {
            Call call = Call.read(record.value());
            Lead lead = leads.get(record.key());
            if (lead == null) {
                lead = new Lead(features.signals());
            }
            features.fold(lead, call);
            features.write(lead, call.time(), row);
            byte[] change = decide(lead, call, model.logOdds(row));
            leads.put(record.key(), lead);
            if (change != null) {
                context.forward(record.withValue(change));
            }
        } catch (IOException | OrtException error) {
            throw new IllegalStateException(error);
        }
    }

    private byte[] decide(Lead lead, Call call, float logOdds) throws IOException {
        int tier = 0;
        while (tier < edges.length && logOdds < edges[tier]) {
            tier++;
        }
        if (lead.sequence > 0 && tier == lead.tier && Math.abs(logOdds - lead.told) < least) {
            return null;
        }
        lead.sequence++;
        lead.told = logOdds;
        lead.tier = tier;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(128);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("lead", call.lead());
            json.writeNumberField("sequence", lead.sequence);
            json.writeNumberField("as_of", call.time());
            json.writeNumberField("log_odds", logOdds);
            json.writeStringField("tier", tiers[tier]);
            json.writeEndObject();
        }
        return bytes.toByteArray();
    }
}
