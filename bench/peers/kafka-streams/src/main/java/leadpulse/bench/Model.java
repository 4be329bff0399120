package leadpulse.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Set;

/** The ensemble in ONNX Runtime, a row at a time; the row's tensor is made once. */
final class Model {
    private static final Set<String> WANTED = Set.of("log_odds");

    private final OrtSession session;
    private final FloatBuffer row;
    private final Map<String, OnnxTensor> input;

    Model(String path, int features) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        environment.setTelemetry(false);
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(1);
        options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
        session = environment.createSession(path, options);
        row = ByteBuffer.allocateDirect(features * Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer();
        input = Map.of("features", OnnxTensor.createTensor(environment, row, new long[] {1, features}));
    }

    float logOdds(float[] features) throws OrtException {
        row.put(0, features);
        try (OrtSession.Result result = session.run(input, WANTED)) {
            return ((OnnxTensor) result.get(0)).getFloatBuffer().get(0);
        }
    }
}
