#!/bin/bash
# OkHttp takes 102 and 103 for the answer, and then the answer for that of the next request.
#
# Packages: libokhttp-java 3.13.1-3, libokio-java 1.16.0-2 (Debian 12), openjdk-17-jdk-headless.
# Input: a server that keeps connections open, and before each answer sends nothing, 100 Continue
# once or twice, 102 Processing or 103 Early Hints; a client that asks it three times.
# Expected: three answers. A client must be able to read any number of responses of class 1xx in
# front of the final one, whether it waits for them or not (RFC 9110, section 15.2).
# Seen: one 100 is passed over. 102 and 103 are given to the program as what was answered, without
# a body; the connection is used again, and there the answer that was meant waits for whoever asks
# next. Two 100 end the call with an exception that is no IOException. Upstream waits for the final
# response behind 102 and 103 since 4.11.0.
. "$(dirname "$0")/common.bash"

need javac openjdk-17-jdk-headless
debian_packages libokhttp-java=3.13.1-3 libokio-java=1.16.0-2

cat > "$dir/Hints.java" << 'END'
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

public class Hints {
  // One connection after the other; each request is answered with its path.
  static void serve(ServerSocket listener, String before) {
    while (true) {
      try (Socket socket = listener.accept()) {
        var lines = new BufferedReader(new InputStreamReader(socket.getInputStream()));
        for (String first = lines.readLine(); first != null; first = lines.readLine()) {
          while (!lines.readLine().isEmpty()) {}
          String path = first.split(" ")[1];
          String answer = before + "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
              + "Content-Length: " + path.length() + "\r\n\r\n" + path;
          socket.getOutputStream().write(answer.getBytes());
        }
      } catch (IOException gone) {}
    }
  }

  public static void main(String[] arguments) throws Exception {
    String on = "HTTP/1.1 100 Continue\r\n\r\n";
    String[][] cases = {{"nothing", ""}, {"100", on}, {"100 100", on + on},
      {"102", "HTTP/1.1 102 Processing\r\n\r\n"},
      {"103", "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"}};
    for (String[] each : cases) {
      var listener = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
      Thread server = new Thread(() -> serve(listener, each[1]));
      server.setDaemon(true);
      server.start();
      var client = new OkHttpClient();
      System.out.print(each[0] + ":");
      for (String path : new String[] {"/one", "/two", "/three"}) {
        String url = "http://127.0.0.1:" + listener.getLocalPort() + path;
        try (Response answer = client.newCall(new Request.Builder().url(url).build()).execute()) {
          System.out.print(" " + path + " " + answer.code() + " '" + answer.body().string() + "'");
        } catch (Exception why) {
          System.out.print(" " + path + " " + why.getClass().getSimpleName());
        }
      }
      System.out.println();
    }
    System.exit(0);
  }
}
END
jars=$(find "$dir/root" -name okhttp.jar -o -name okio.jar | paste -sd:)
java -cp "$jars" "$dir/Hints.java" > "$dir/seen" 2>&1

compare << 'END'
nothing: /one 200 '/one' /two 200 '/two' /three 200 '/three'
100: /one 200 '/one' /two 200 '/two' /three 200 '/three'
100 100: /one IllegalStateException /two IllegalStateException /three IllegalStateException
102: /one 102 '' /two 200 '/one' /three 102 ''
103: /one 103 '' /two 200 '/one' /three 103 ''
END
