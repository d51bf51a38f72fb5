import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.StringTokenizer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the fields of a message may be. */
final class Messages {
    private static final Pattern LOCATION =
            Pattern.compile("([+-]\\d{1,2}(?:\\.\\d+)?)([+-]\\d{1,3}(?:\\.\\d+)?)");
    private static final Pattern TIME = Pattern.compile("([+-]?)(\\d{1,12})(?:\\.(\\d{1,9}))?");
    private static final Pattern DECIMAL = Pattern.compile("\\d+(?:\\.\\d+)?");
    private static final Pattern WHOLE = Pattern.compile("\\d{1,3}");
    private static final String BLANKS = " \t\r\n\f\u000b";

    private Messages() {}

    static List<String> fields(String line) {
        List<String> fields = new ArrayList<>();
        StringTokenizer tokens = new StringTokenizer(line, BLANKS);
        while (tokens.hasMoreTokens()) fields.add(tokens.nextToken());
        return fields;
    }

    /** ISO 6709 in decimal degrees: +34.068930-118.445127. */
    static boolean isLocation(String text) {
        Matcher found = LOCATION.matcher(text);
        return found.matches() && Math.abs(Double.parseDouble(found.group(1))) <= 90
                && Math.abs(Double.parseDouble(found.group(2))) <= 180;
    }

    /** "34.06893,-118.445127", of what is a location. */
    static String coordinates(String location) {
        Matcher found = LOCATION.matcher(location);
        found.matches();
        return Double.parseDouble(found.group(1)) + "," + Double.parseDouble(found.group(2));
    }

    /** POSIX time with up to nine decimals. */
    static boolean isTime(String text) {
        return TIME.matcher(text).matches();
    }

    /** In kilometres. */
    static boolean isRadius(String text) {
        return DECIMAL.matcher(text).matches() && Double.parseDouble(text) <= 50;
    }

    /** How many places are wanted at most. */
    static boolean isBound(String text) {
        return WHOLE.matcher(text).matches() && Integer.parseInt(text) <= 20;
    }

    /** This machine's clock minus what is a time, as +0.263873386. */
    static String skew(String time) {
        Matcher found = TIME.matcher(time);
        found.matches();
        String decimals = found.group(3) == null ? "" : found.group(3);
        long nanos = Long.parseLong(decimals + "0".repeat(9 - decimals.length()));
        Duration client = Duration.ofSeconds(Long.parseLong(found.group(2)), nanos);
        if (found.group(1).equals("-")) client = client.negated();
        Instant now = Instant.now();
        Duration skew = Duration.ofSeconds(now.getEpochSecond(), now.getNano()).minus(client);
        Duration size = skew.abs();
        String nines = Integer.toString(1_000_000_000 + size.getNano()).substring(1);
        return (skew.isNegative() ? "-" : "+") + size.getSeconds() + "." + nines;
    }
}
