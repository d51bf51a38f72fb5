#pragma once

#include "tests/live/client.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

namespace live {

// A client, or a neighbour, that speaks TLS 1.3 and has each byte in its hands: OpenSSL makes the
// records, and what of them is sent, in what pieces, changed or not, is the test's. Blocks, but
// never longer than the deadline.
class SealedClient {
public:
    struct Whom {
        std::string authority = {};    // path of what is believed; empty: anybody
        std::string name = {};         // of the server; empty: any
        std::string certificate = {};  // paths of what is shown; empty: nothing
        std::string key = {};
        bool old = false;  // speaks TLS 1.2 and nothing newer
    };

    // Connected; nothing has been said. Throws when nobody listens.
    explicit SealedClient(std::uint16_t port) : SealedClient(port, Whom{}) {}
    SealedClient(std::uint16_t port, const Whom& whom);
    SealedClient(const SealedClient&) = delete;
    SealedClient& operator=(const SealedClient&) = delete;
    ~SealedClient();

    // What is to be sent next of the handshake: at first the ClientHello.
    std::string flight();
    // The rest of the handshake, but for its last flight, which is returned; empty: it failed.
    std::string shake_but_last();
    bool shake();

    // Records that OpenSSL makes, to be put().
    std::string seal(std::string_view plain);
    std::string farewell();
    std::string new_keys(bool ask_for_theirs);
    // A record that OpenSSL would not make: of any type, and with so many zeros behind that. In
    // place of the records above, not between them.
    std::string forge(char type, std::string_view plain, std::size_t zeros = 0);

    void put(std::string_view bytes) const;
    // put() of seal().
    void say(std::string_view plain) { put(seal(plain)); }
    // FIN, whatever was said before.
    void end() const { ::shutdown(socket_.fd(), SHUT_WR); }
    int fd() const { return socket_.fd(); }

    // With its newline; shorter at the end.
    std::string read_line() { return read_until("\n"); }
    std::string read_block() { return read_until("\n\n"); }
    std::string read_all();
    std::string ask(std::string_view line) {
        say(std::string(line) + "\n");
        return read_line();
    }
    // Of the certificate that the other side has shown.
    std::string serial() const;
    // How the other side has ended, in OpenSSL's words; "close notify", "a reset", or "a bare end".
    const std::string& ending() const { return ending_; }

private:
    std::string read_until(std::string_view mark);
    // Bytes of the socket to OpenSSL; false at the end.
    bool receive();
    void open();

    LoopbackSocket socket_;
    std::string secret_;  // for what we send
    std::string plain_;
    std::string ending_;
    std::uint64_t forged_ = 0;
    SSL* ssl_ = nullptr;
};

}  // namespace live
