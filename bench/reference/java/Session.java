import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;

/** A connection that somebody opened to us: lines in, their answers out in the same order. */
final class Session extends Stream {
    private final Server server;
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private String rest = ""; // of what came, behind the last newline
    private boolean looking = false; // a WHATSAT, which the lines behind it wait for

    Session(Server server, Selector selector, SocketChannel channel) throws IOException {
        super(selector, channel);
        this.server = server;
    }

    @Override
    void received(String text) {
        String all = rest + text;
        int start = 0;
        for (int end; (end = all.indexOf('\n', start)) >= 0; start = end + 1) {
            lines.add(all.substring(start, end));
        }
        rest = all.substring(start);
        answerLines();
    }

    @Override
    void ended() {
        if (!rest.isEmpty()) lines.add(rest);
        answerLines();
    }

    @Override
    void closed(String why) {}

    private void answerLines() {
        StringBuilder answers = new StringBuilder();
        while (!lines.isEmpty() && !looking) {
            String line = lines.remove();
            if (line.endsWith("\r")) line = line.substring(0, line.length() - 1);
            String answer = server.handle(line, this::lookedUp);
            looking = answer == null;
            if (answer != null) answers.append(answer);
        }
        if (answers.length() > 0) write(answers.toString());
        if (inputEnded() && !looking) finish();
    }

    private void lookedUp(String answer) {
        looking = false;
        write(answer);
        answerLines();
    }
}
