import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * A connection that never blocks: what cannot leave yet waits. Closed when both sides have said
 * that no more comes. Bytes are handled as ISO 8859-1, so that every copy is exact.
 */
abstract class Stream {
    private static final ByteBuffer BUFFER = ByteBuffer.allocateDirect(1 << 16); // one thread only

    private final SocketChannel channel;
    private final SelectionKey key;
    private final ArrayDeque<ByteBuffer> unsent = new ArrayDeque<>();
    private boolean inputEnded = false;
    private boolean outputEnds = false;
    private boolean closed = false; // told; a failed connect closes the channel by itself

    /** Of a connection that was accepted. */
    Stream(Selector selector, SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    /** Begins to connect; what is written until then waits. */
    Stream(Selector selector, InetSocketAddress address) throws IOException {
        this(selector, SocketChannel.open());
        try {
            if (!channel.connect(address)) key.interestOps(SelectionKey.OP_CONNECT);
        } catch (IOException error) {
            channel.close();
            throw error;
        }
    }

    abstract void received(String text);

    /** The other side says no more. */
    abstract void ended();

    /** After everything else; `why` is null when both sides were through. */
    abstract void closed(String why);

    /** It is connected. */
    void connected() {}

    final boolean inputEnded() {
        return inputEnded;
    }

    final void write(String text) {
        unsent.add(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
        flush();
    }

    /** Says no more, once everything is sent. */
    final void finish() {
        outputEnds = true;
        flush();
    }

    /** The selector found something to do. */
    final void ready() {
        if (!key.isValid()) return; // closed since it was found
        try {
            if (key.isConnectable()) {
                channel.finishConnect();
                key.interestOps(SelectionKey.OP_READ);
                connected();
                flush();
            } else if (key.isReadable()) {
                read();
            }
            if (key.isValid() && key.isWritable()) flush();
        } catch (IOException error) {
            close(error.getMessage());
        }
    }

    private void read() throws IOException {
        int size = channel.read(BUFFER.clear());
        if (size >= 0) {
            received(StandardCharsets.ISO_8859_1.decode(BUFFER.flip()).toString());
            return;
        }
        inputEnded = true;
        key.interestOpsAnd(~SelectionKey.OP_READ);
        ended();
        closeIfThrough();
    }

    private void flush() {
        if (!key.isValid() || !channel.isConnected()) return;
        try {
            while (!unsent.isEmpty()) {
                channel.write(unsent.peek());
                if (unsent.peek().hasRemaining()) {
                    key.interestOpsOr(SelectionKey.OP_WRITE);
                    return;
                }
                unsent.remove();
            }
            key.interestOpsAnd(~SelectionKey.OP_WRITE);
            if (outputEnds) channel.shutdownOutput();
            closeIfThrough();
        } catch (IOException error) {
            close(error.getMessage());
        }
    }

    private void closeIfThrough() {
        if (inputEnded && outputEnds && unsent.isEmpty()) close(null);
    }

    private void close(String why) {
        if (closed) return;
        closed = true;
        try {
            channel.close();
        } catch (IOException error) {
            Server.log("close: " + error.getMessage());
        }
        closed(why);
    }
}
