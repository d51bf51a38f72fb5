import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * One server of the herd in Java: a map of locations, flooded to the neighbours. One thread with a
 * selector does everything but the requests for places.
 * Usage: java Server SERVER_ID [--config FILE] [--keep]
 */
public final class Server {
    private static final String DEFAULTS = """
            { "servers": { "Goloman": {"host": "127.0.0.1", "port": 21001},
                           "Hands": {"host": "127.0.0.1", "port": 21002},
                           "Holiday": {"host": "127.0.0.1", "port": 21003},
                           "Welsh": {"host": "127.0.0.1", "port": 21004},
                           "Wilkes": {"host": "127.0.0.1", "port": 21005} },
              "neighbours": { "Goloman": ["Hands", "Holiday", "Wilkes"],
                              "Hands": ["Goloman", "Wilkes"],
                              "Holiday": ["Goloman", "Welsh", "Wilkes"],
                              "Welsh": ["Holiday"],
                              "Wilkes": ["Goloman", "Hands", "Holiday"] },
              "places_url": "http://127.0.0.1:21300/maps/api/place/nearbysearch/json",
              "key": "" }""";
    private static final String NO_PLACES =
            "{\"html_attributions\": [], \"results\": [], \"status\": \"UNKNOWN_ERROR\"}";
    private static final Duration PLACES_TIMEOUT = Duration.ofSeconds(4);
    private static final int BACKLOG = 1024; // a message is a connection: they come in bursts

    private final String name;
    private final Map<?, ?> config;
    private final Selector selector = Selector.open();
    private final ConcurrentLinkedQueue<Runnable> found = new ConcurrentLinkedQueue<>();
    private final HttpClient web =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Map<String, String> locations = new HashMap<>(); // client: its AT line
    private final List<Neighbour> neighbours = new ArrayList<>();

    private Server(String name, Map<?, ?> config, boolean keep) throws IOException {
        this.name = name;
        this.config = config;
        Map<?, ?> links = (Map<?, ?>) config.get("neighbours");
        for (Object quoted : (List<?>) links.get(name)) {
            String other = Json.string(quoted);
            neighbours.add(new Neighbour(other, address(other), selector, keep));
        }
    }

    static void log(String text) {
        System.err.println(Instant.now() + " " + text);
    }

    /** The answer to a line; null when it is a WHATSAT, whose answer goes to `later`. */
    String handle(String line, Consumer<String> later) {
        List<String> fields = Messages.fields(line);
        switch (fields.isEmpty() ? "" : fields.get(0)) {
            case "IAMAT":
                if (fields.size() == 4 && isReport(fields.subList(2, 4))) return iamat(fields);
                break;
            case "AT":
                if (fields.size() >= 6 && isReport(fields.subList(4, 6))) {
                    String atLine = String.join(" ", fields.subList(0, 6));
                    update(fields.get(3), atLine, fields.subList(6, fields.size()));
                    return "";
                }
                break;
            case "WHATSAT":
                if (fields.size() == 4 && Messages.isRadius(fields.get(2))
                        && Messages.isBound(fields.get(3))
                        && locations.containsKey(fields.get(1))) {
                    whatsat(fields, later);
                    return null;
                }
                break;
            default:
                break;
        }
        return "? " + line + "\n";
    }

    private static boolean isReport(List<String> fields) {
        return Messages.isLocation(fields.get(0)) && Messages.isTime(fields.get(1));
    }

    private String iamat(List<String> fields) {
        String skew = Messages.skew(fields.get(3));
        String atLine = "AT " + name + " " + skew + " " + String.join(" ", fields.subList(1, 4));
        update(fields.get(1), atLine, List.of());
        return atLine + "\n";
    }

    /** Whatever differs from what is known takes its place, and goes on to the neighbours. */
    private void update(String client, String atLine, List<String> passed) {
        if (atLine.equals(locations.put(client, atLine))) return;
        List<String> fields = new ArrayList<>();
        fields.add(atLine);
        fields.addAll(passed);
        if (!passed.contains(name)) fields.add(name);
        for (Neighbour neighbour : neighbours) {
            if (!passed.contains(neighbour.name)) fields.add(neighbour.name);
        }
        String message = String.join(" ", fields);
        for (Neighbour neighbour : neighbours) {
            if (!passed.contains(neighbour.name)) neighbour.send(message);
        }
    }

    /** The AT line, at most `bound` places near it, an empty line. */
    private void whatsat(List<String> fields, Consumer<String> later) {
        String atLine = locations.get(fields.get(1));
        double metres = Double.parseDouble(fields.get(2)) * 1000;
        int bound = Integer.parseInt(fields.get(3));
        String key = Json.string(config.get("key"));
        String query = Json.string(config.get("places_url"))
                + "?location=" + Messages.coordinates(atLine.split(" ")[4])
                + "&radius=" + metres
                + "&key=" + URLEncoder.encode(key, StandardCharsets.UTF_8);
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(query)).timeout(PLACES_TIMEOUT).build();
        web.sendAsync(request, BodyHandlers.ofString(StandardCharsets.ISO_8859_1))
                .thenApply(response -> atMost(bound, response.body()))
                .exceptionally(error -> {
                    log("no places: " + error.getMessage());
                    return Json.write(Json.parse(NO_PLACES));
                })
                .thenAccept(places -> {
                    found.add(() -> later.accept(atLine + "\n" + places + "\n\n"));
                    selector.wakeup();
                });
    }

    @SuppressWarnings("unchecked")
    private static String atMost(int bound, String text) {
        Map<String, Object> places = (Map<String, Object>) Json.parse(text);
        List<?> results = (List<?>) places.get("results");
        places.put("results", results.subList(0, Math.min(bound, results.size())));
        return Json.write(places);
    }

    private InetSocketAddress address(String server) {
        Map<?, ?> servers = (Map<?, ?>) config.get("servers");
        Map<?, ?> place = (Map<?, ?>) servers.get(server);
        int port = Integer.parseInt((String) place.get("port"));
        return new InetSocketAddress(Json.string(place.get("host")), port);
    }

    private void run() throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.bind(address(name), BACKLOG);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        // From here on a signal ends the program with 0.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));
        log(name + " listens on " + address(name));
        while (true) {
            selector.select(key -> {
                if (key.attachment() instanceof Stream stream) {
                    stream.ready();
                } else {
                    accept(listener);
                }
            });
            for (Runnable task; (task = found.poll()) != null;) task.run();
        }
    }

    private void accept(ServerSocketChannel listener) {
        try {
            for (SocketChannel channel; (channel = listener.accept()) != null;) {
                new Session(this, selector, channel);
            }
        } catch (IOException error) {
            log("accept: " + error.getMessage());
        }
    }

    public static void main(String[] arguments) throws IOException {
        List<String> options = Arrays.asList(arguments);
        int file = options.indexOf("--config");
        String text = file < 0 ? DEFAULTS : Files.readString(Path.of(options.get(file + 1)));
        Map<?, ?> config = (Map<?, ?>) Json.parse(text);
        new Server(options.get(0), config, options.contains("--keep")).run();
    }
}
