package leadpulse.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Signals and features of the job: what a call says, and the model's row after it. */
final class Features {
    private static final long HOUR = 3_600_000L;
    private static final long DAY = 24 * HOUR;
    private static final double NEVER_HOURS = 2160;

    private record Rule(String name, Pattern path, int signal) {}

    private final List<String> names = new ArrayList<>();
    private final List<Rule> rules = new ArrayList<>();
    private final Map<String, Integer> byEvent = new HashMap<>();
    private final Map<String, Integer> byPath = new HashMap<>();
    /** Of each feature of the model, its place in `counted`. */
    private final int[] places;
    /** By signal: counts of 24 hours, 7 days, 30 days, hours since; then the totals. */
    private final double[] counted;

    Features(JsonNode job) {
        for (JsonNode signal : job.at("/observed/signals")) {
            for (JsonNode way : signal.get("match")) {
                Pattern path = Pattern.compile(glob(way.path("path").asText("*")), Pattern.DOTALL);
                rules.add(new Rule(way.get("name").asText(), path, names.size()));
            }
            names.add(signal.get("name").asText());
        }
        counted = new double[4 * names.size() + 6];
        JsonNode features = job.get("features");
        places = new int[features.size()];
        for (int place = 0; place < places.length; place++) {
            places[place] = place(features.get(place));
        }
    }

    int signals() {
        return names.size();
    }

    int size() {
        return places.length;
    }

    /** Counts the call in the lead's state. */
    void fold(Lead lead, Call call) {
        int signal = signal(call);
        long time = call.time();
        lead.latest[signal] = time;
        lead.hours.count((int) (time / HOUR), signal);
        lead.days.count((int) (time / DAY), signal);
        lead.hours.forget((int) ((time - 7 * DAY) / HOUR));
        lead.days.forget((int) ((time - 30 * DAY) / DAY));
    }

    /** Writes the features as of this time into the model's row. */
    void write(Lead lead, long time, float[] row) {
        int signals = names.size();
        java.util.Arrays.fill(counted, 0);
        int since24h = (int) ((time - DAY) / HOUR) << Tiles.SIGNAL_BITS;
        double of24h = 0;
        double of30d = 0;
        for (int place = 0; place < lead.hours.size; place++) {
            int key = lead.hours.keys[place];
            int signal = key & ((1 << Tiles.SIGNAL_BITS) - 1);
            int count = lead.hours.counts[place];
            counted[signals + signal] += count;
            if (key >= since24h) {
                counted[signal] += count;
                of24h += count;
            }
        }
        for (int place = 0; place < lead.days.size; place++) {
            int signal = lead.days.keys[place] & ((1 << Tiles.SIGNAL_BITS) - 1);
            counted[2 * signals + signal] += lead.days.counts[place];
            of30d += lead.days.counts[place];
        }
        int different7d = 0;
        int different30d = 0;
        for (int signal = 0; signal < signals; signal++) {
            different7d += counted[signals + signal] > 0 ? 1 : 0;
            different30d += counted[2 * signals + signal] > 0 ? 1 : 0;
            counted[3 * signals + signal] = Math.min((time - lead.latest[signal]) / (double) HOUR, NEVER_HOURS);
        }
        int totals = 4 * signals;
        counted[totals] = of24h;
        counted[totals + 1] = of30d;
        counted[totals + 2] = lead.hours.days(24);
        counted[totals + 3] = lead.days.days(1);
        counted[totals + 4] = different7d;
        counted[totals + 5] = different30d;
        for (int place = 0; place < places.length; place++) {
            row[place] = (float) counted[places[place]];
        }
    }

    private int place(JsonNode feature) {
        String kind = feature.get("kind").asText();
        String window = feature.path("window").asText("");
        if (feature.has("signals")) {
            String block = kind.equals("recency") ? kind : window;
            int first = List.of("24h", "7d", "30d", "recency").indexOf(block);
            return first * names.size() + names.indexOf(feature.get("signals").get(0).asText());
        }
        List<String> totals =
                List.of("count 24h", "count 30d", "active_days 7d", "active_days 30d", "breadth 7d", "breadth 30d");
        return 4 * names.size() + totals.indexOf(kind + " " + window);
    }

    private int signal(Call call) {
        Map<String, Integer> known = call.path().isEmpty() ? byEvent : byPath;
        String said = call.path().isEmpty() ? call.event() : call.path();
        Integer found = known.get(said);
        if (found == null) {
            found = rules.stream()
                    .filter(rule -> rule.name().equals(call.event()) && rule.path().matcher(call.path()).matches())
                    .findFirst()
                    .orElseThrow()
                    .signal();
            known.put(said, found);
        }
        return found;
    }

    private static String glob(String pattern) {
        return Pattern.quote(pattern).replace("*", "\\E.*\\Q");
    }
}
