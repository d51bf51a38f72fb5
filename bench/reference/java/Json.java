import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON and writes it in Google's layout. An object is a Map, an array a List, everything else
 * a String that holds it as it stood there, with quotes and escapes. Names lose their quotes.
 */
final class Json {
    private final String text;
    private int at = 0;

    private Json(String text) {
        this.text = text;
    }

    /** Throws IllegalArgumentException when it is not JSON. */
    static Object parse(String text) {
        Json json = new Json(text);
        Object value = json.value();
        if (json.next() != 0) throw json.wrong();
        return value;
    }

    /** What stands between the quotes of a string. */
    static String string(Object value) {
        String quoted = (String) value;
        return quoted.substring(1, quoted.length() - 1);
    }

    static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, "\n", out);
        return out.toString();
    }

    private static void write(Object value, String newline, StringBuilder out) {
        String inside = newline + "   ";
        String separator = "";
        if (value instanceof Map<?, ?> object && !object.isEmpty()) {
            out.append('{');
            for (var member : object.entrySet()) {
                out.append(separator).append(inside);
                out.append('"').append(member.getKey()).append("\" : ");
                write(member.getValue(), inside, out);
                separator = ",";
            }
            out.append(newline).append('}');
        } else if (value instanceof List<?> array && !array.isEmpty()) {
            out.append('[');
            for (Object element : array) {
                out.append(separator).append(inside);
                write(element, inside, out);
                separator = ",";
            }
            out.append(newline).append(']');
        } else {
            out.append(value instanceof Map ? "{}" : value instanceof List ? "[]" : value);
        }
    }

    private Object value() {
        return switch (next()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> quoted();
            default -> word();
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> members = new LinkedHashMap<>();
        ++at;
        while (!ends('}', members.isEmpty())) {
            if (next() != '"') throw wrong();
            String name = string(quoted());
            if (next() != ':') throw wrong();
            ++at;
            members.put(name, value());
        }
        return members;
    }

    private List<Object> array() {
        List<Object> elements = new ArrayList<>();
        ++at;
        while (!ends(']', elements.isEmpty())) elements.add(value());
        return elements;
    }

    /** Takes the end, or the comma in front of all but the first. */
    private boolean ends(char end, boolean first) {
        char found = next();
        if (found == end) {
            ++at;
            return true;
        }
        if (first) return false;
        if (found != ',') throw wrong();
        ++at;
        return false;
    }

    private String quoted() {
        int start = at++;
        while (at < text.length() && text.charAt(at) != '"') at += text.charAt(at) == '\\' ? 2 : 1;
        if (at >= text.length()) throw wrong();
        return text.substring(start, ++at);
    }

    /** A number, true, false or null. */
    private String word() {
        int start = at;
        while (at < text.length() && "+-._".indexOf(text.charAt(at)) >= 0
                || at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
            ++at;
        }
        if (at == start) throw wrong();
        return text.substring(start, at);
    }

    /** The next byte that is not blank; 0 at the end. */
    private char next() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) ++at;
        return at < text.length() ? text.charAt(at) : 0;
    }

    private IllegalArgumentException wrong() {
        return new IllegalArgumentException("not JSON at byte " + at);
    }
}
