import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Challenge;
import okhttp3.Connection;
import okhttp3.Credentials;
import okhttp3.EventListener;
import okhttp3.FormBody;
import okhttp3.Handshake;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.MultipartBody;
import okhttp3.OkHttpClient;
import okhttp3.OkUrlFactory;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;

/**
 * OkHttp, as apps use it, for a test that says what to send. Each line of standard input is a call,
 * written as a query is; so is each line of standard output what became of one. Calls run at once.
 * Usage: java OkHttpPhone.java CA-FILE...
 *
 *   call, client        its number; whose it is: each has a pool of connections and a dispatcher
 *   protocols, trust    of a new client: what it offers, by commas; "nobody"
 *   method, url, query, segment, headers    headers, query, form and parts are queries themselves
 *   body and type, form, or parts           nothing: it has none
 *   times               the body is that, so often
 *   pieces              the body has no length, and is written in so many, each flushed
 *   password            said at once; password_if_asked: by an Authenticator
 *   by                  "connection": HttpURLConnection over OkHttp, as that of Android is;
 *                       "fixed", "chunked": the same, which streams its body
 */
public final class OkHttpPhone {
    private static final Map<String, OkHttpClient> clients = new HashMap<>();
    private static final ExecutorService threads = Executors.newCachedThreadPool();
    private static final PrintStream out = System.out;
    private static X509TrustManager trust;

    public static void main(String[] arguments) throws Exception {
        trust = trustIn(arguments);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            begin(fieldsOf(line));
        }
        System.exit(0);
    }

    private static X509TrustManager trustIn(String[] files) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        for (String file : files) {
            try (InputStream text = Files.newInputStream(Path.of(file))) {
                var authority = CertificateFactory.getInstance("X.509").generateCertificate(text);
                store.setCertificateEntry(file, authority);
            }
        }
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return (X509TrustManager) factory.getTrustManagers()[0];
    }

    private static OkHttpClient clientOf(Map<String, String> call) {
        return clients.computeIfAbsent(call.get("client"), name -> {
            OkHttpClient.Builder builder = new OkHttpClient.Builder();
            List<Protocol> protocols = new ArrayList<>();
            for (String each : call.getOrDefault("protocols", "h2,http/1.1").split(",")) {
                try {
                    protocols.add(Protocol.get(each));
                } catch (IOException unknown) {
                    throw new IllegalArgumentException(unknown);
                }
            }
            builder.protocols(protocols).readTimeout(20, TimeUnit.SECONDS);
            if (!call.containsKey("trust")) {
                try {
                    SSLContext context = SSLContext.getInstance("TLS");
                    context.init(null, new TrustManager[] {trust}, null);
                    builder.sslSocketFactory(context.getSocketFactory(), trust);
                } catch (Exception broken) {
                    throw new IllegalStateException(broken);
                }
            }
            return builder.build();
        });
    }

    /** What one call goes through; in the end it is printed. */
    private static final class Trail extends EventListener {
        final Map<String, String> said = new LinkedHashMap<>();
        final List<String> steps = new ArrayList<>();

        Trail(String number) {
            said.put("call", number);
        }

        @Override
        public void connectStart(Call call, InetSocketAddress address, Proxy proxy) {
            steps.add("connect");
        }

        @Override
        public void secureConnectEnd(Call call, Handshake handshake) {
            said.put("tls", handshake.tlsVersion().javaName());
        }

        @Override
        public void connectionAcquired(Call call, Connection connection) {
            said.put("port", String.valueOf(connection.socket().getLocalPort()));
            said.put("protocol", connection.protocol().toString());
        }

        @Override
        public void requestHeadersEnd(Call call, Request request) {
            steps.add("head");
            said.put("sent", request.headers().toString());
        }

        @Override
        public void requestBodyStart(Call call) {
            steps.add("body");
        }

        @Override
        public void responseHeadersStart(Call call) {
            steps.add("wait");
        }

        @Override
        public void responseHeadersEnd(Call call, Response response) {
            steps.add(String.valueOf(response.code()));
            said.put("heard", response.headers().toString());
        }

        void fail(Throwable why) {
            said.put("error", why.toString());
            print();
        }

        void end(int status, String body) {
            said.put("status", String.valueOf(status));
            said.put("body", body);
            print();
        }

        private void print() {
            said.put("steps", String.join(" ", steps));
            StringBuilder line = new StringBuilder();
            said.forEach((name, value) -> line.append(line.length() == 0 ? "" : "&").append(name)
                    .append('=').append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
            synchronized (out) {
                out.println(line);
                out.flush();
            }
        }
    }

    private static void begin(Map<String, String> call) {
        Trail trail = new Trail(call.get("call"));
        OkHttpClient client = clientOf(call).newBuilder().eventListener(trail)
                .authenticator((route, refused) -> answerTo(refused, call.get("password_if_asked")))
                .build();
        if (call.containsKey("by")) {
            threads.execute(() -> runByConnection(client, call, trail));
            return;
        }
        client.newCall(requestOf(call)).enqueue(new Callback() {
            @Override
            public void onFailure(Call failed, IOException why) {
                trail.fail(why);
            }

            @Override
            public void onResponse(Call done, Response response) {
                try (response) {
                    trail.end(response.code(), response.body().string());
                } catch (IOException why) {
                    trail.fail(why);
                }
            }
        });
    }

    /** The request again, with a password; nothing: it has had one, or there is none. */
    private static Request answerTo(Response refused, String password) {
        boolean basic = refused.challenges().stream().map(Challenge::scheme)
                .anyMatch("Basic"::equalsIgnoreCase);
        boolean tried = refused.request().header("Authorization") != null;
        if (!basic || tried || password == null) return null;
        return refused.request().newBuilder()
                .header("Authorization", Credentials.basic("any", password)).build();
    }

    private static HttpUrl urlOf(Map<String, String> call) {
        HttpUrl.Builder url = HttpUrl.get(call.get("url")).newBuilder();
        if (call.containsKey("segment")) url.addPathSegment(call.get("segment"));
        fieldsOf(call.getOrDefault("query", "")).forEach(url::addQueryParameter);
        return url.build();
    }

    private static Request requestOf(Map<String, String> call) {
        Request.Builder request = new Request.Builder().url(urlOf(call))
                .method(call.get("method"), bodyOf(call));
        fieldsOf(call.getOrDefault("headers", "")).forEach(request::header);
        if (call.containsKey("password")) {
            request.header("Authorization", Credentials.basic("any", call.get("password")));
        }
        return request.build();
    }

    private static RequestBody bodyOf(Map<String, String> call) {
        if (call.containsKey("form")) {
            FormBody.Builder form = new FormBody.Builder();
            fieldsOf(call.get("form")).forEach(form::add);
            return form.build();
        }
        if (call.containsKey("parts")) {
            MultipartBody.Builder parts = new MultipartBody.Builder().setType(MultipartBody.FORM);
            fieldsOf(call.get("parts")).forEach(parts::addFormDataPart);
            byte[] picture = new byte[100_000];
            Arrays.fill(picture, (byte) '-');
            return parts.addFormDataPart("image", "p.jpg",
                    RequestBody.create(MediaType.get("image/jpeg"), picture)).build();
        }
        if (!call.containsKey("body")) return null;
        MediaType type = call.containsKey("type") ? MediaType.get(call.get("type")) : null;
        String text = call.get("body").repeat(Integer.parseInt(call.getOrDefault("times", "1")));
        if (!call.containsKey("pieces")) return RequestBody.create(type, text);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new Pieces(type, bytes, Integer.parseInt(call.get("pieces")));
    }

    /** A body of which nobody knows how long it will be. */
    private static final class Pieces extends RequestBody {
        private final MediaType type;
        private final byte[] bytes;
        private final int count;

        Pieces(MediaType type, byte[] bytes, int count) {
            this.type = type;
            this.bytes = bytes;
            this.count = count;
        }

        @Override
        public MediaType contentType() {
            return type;
        }

        @Override
        public void writeTo(BufferedSink sink) throws IOException {
            int size = Math.max(1, (bytes.length + count - 1) / count);
            for (int at = 0; at < bytes.length; at += size) {
                sink.write(bytes, at, Math.min(size, bytes.length - at));
                sink.flush();
            }
        }
    }

    /** As apps do that have no library, and so have what Android made of OkHttp. */
    private static void runByConnection(OkHttpClient client, Map<String, String> call, Trail trail) {
        try {
            @SuppressWarnings("deprecation")
            HttpURLConnection connection = new OkUrlFactory(client).open(urlOf(call).url());
            connection.setRequestMethod(call.get("method"));
            fieldsOf(call.getOrDefault("headers", "")).forEach(connection::setRequestProperty);
            if (call.containsKey("type")) {
                connection.setRequestProperty("Content-Type", call.get("type"));
            }
            if (call.containsKey("body")) {
                byte[] bytes = call.get("body").getBytes(StandardCharsets.UTF_8);
                if (call.get("by").equals("fixed")) {
                    connection.setFixedLengthStreamingMode(bytes.length);
                }
                if (call.get("by").equals("chunked")) connection.setChunkedStreamingMode(0);
                connection.setDoOutput(true);
                try (OutputStream body = connection.getOutputStream()) {
                    body.write(bytes);
                }
            }
            int status = connection.getResponseCode();
            InputStream body =
                    status < 400 ? connection.getInputStream() : connection.getErrorStream();
            byte[] read = body == null ? new byte[0] : body.readAllBytes();
            trail.end(status, new String(read, StandardCharsets.UTF_8));
        } catch (IOException why) {
            trail.fail(why);
        }
    }

    private static Map<String, String> fieldsOf(String text) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String each : text.split("&")) {
            int mark = each.indexOf('=');
            if (mark < 0) continue;
            fields.put(URLDecoder.decode(each.substring(0, mark), StandardCharsets.UTF_8),
                    URLDecoder.decode(each.substring(mark + 1), StandardCharsets.UTF_8));
        }
        return fields;
    }
}
