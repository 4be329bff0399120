package leadpulse.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.Instant;

/** What is read of a Segment call, by Jackson's streaming parser. */
record Call(String lead, long time, String event, String path) {
    private static final JsonFactory JSON = new JsonFactory();

    static Call read(byte[] value) throws IOException {
        String lead = null;
        String event = "page_view";
        String path = "";
        long time = 0;
        try (JsonParser parser = JSON.createParser(value)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                parser.nextToken();
                switch (field) {
                    case "userId" -> lead = parser.getText();
                    case "event" -> event = parser.getText();
                    case "timestamp" -> time = Instant.parse(parser.getText()).toEpochMilli();
                    case "properties" -> path = path(parser);
                    default -> parser.skipChildren();
                }
            }
        }
        return new Call(lead, time, event, path);
    }

    private static String path(JsonParser parser) throws IOException {
        String path = "";
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            parser.nextToken();
            if (field.equals("path")) {
                path = parser.getText();
            } else {
                parser.skipChildren();
            }
        }
        return path;
    }
}
