import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;

/**
 * A server that we talk with: a connection for each message, or one that stays. What cannot be
 * delivered is lost.
 */
final class Neighbour {
    final String name;
    private final InetSocketAddress address;
    private final Selector selector;
    private final boolean keep;
    private Link standing = null;
    private boolean reached = false;

    Neighbour(String name, InetSocketAddress address, Selector selector, boolean keep) {
        this.name = name;
        this.address = address;
        this.selector = selector;
        this.keep = keep;
    }

    void send(String message) {
        try {
            if (!keep) {
                Link link = new Link();
                link.write(message);
                link.finish();
                return;
            }
            if (standing == null) standing = new Link();
            standing.write(message + "\n");
        } catch (IOException error) {
            lost(error.getMessage());
        }
    }

    private void lost(String why) {
        Server.log("dropped connection to " + name + ": " + why);
        reached = false;
    }

    private final class Link extends Stream {
        Link() throws IOException {
            super(selector, address);
        }

        @Override
        void connected() {
            if (!reached) Server.log("new connection to " + name);
            reached = true;
        }

        @Override
        void received(String text) {}

        @Override
        void ended() {
            finish();
        }

        @Override
        void closed(String why) {
            if (this == standing) standing = null;
            if (keep || why != null) lost(why == null ? "it ended" : why);
        }
    }
}
