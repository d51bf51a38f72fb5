// What may come where TLS is spoken: the true flights of a client, or of a neighbour, changed on
// their way. It must not crash, whoever it is proves no other name than its own, and what is
// delivered is what was sealed, from its beginning on, whatever was changed, cut off, sent again or
// put in between.
#include "herd/keys/make.hpp"
#include "herd/tls/openssl_sealer.hpp"
#include "reactor/seal.hpp"
#include "tests/fuzz/must.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace tls_fuzz {

namespace {

using herd::tls::OpensslSealer;
using reactor::Seal;

using fuzz::must;

// Servers A and B of one herd: their keys are made once, and gone with the process.
struct Herd {
    Herd() {
        std::string folder = (std::filesystem::temp_directory_path() / "herd-fuzz-XXXXXX").string();
        must(mkdtemp(folder.data()) != nullptr);
        herd::config::Config config;
        for (const char* name : {"A", "B"}) {
            config.servers.push_back(
                {name, reactor::Address::loopback(12'001), reactor::Address::loopback(12'101), {}});
        }
        std::vector<std::string> made;
        must(herd::keys::make(config, folder, 1, made).has_value());
        for (OpensslSealer** each : {&a, &b}) {
            *each = new OpensslSealer(folder, each == &a ? "A" : "B", 16);
            must((*each)->open(plain_max).has_value());
        }
        std::filesystem::remove_all(folder);
    }
    static constexpr std::size_t plain_max = std::size_t{1} << 16;

    OpensslSealer* a = nullptr;
    OpensslSealer* b = nullptr;
};

// Two ends of a stream that never blocks.
class Pipe {
public:
    Pipe() { must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()) == 0); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        for (const int end : ends_) close(end);
    }

    int end() const { return ends_[0]; }
    // What has been written into end().
    std::string take() const { return receive(ends_[1]); }
    // What has been put, and nobody has read yet.
    std::string rest() const { return receive(ends_[0]); }
    void put(std::string_view bytes) const {
        static_cast<void>(send(ends_[1], bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }

private:
    static std::string receive(int end) {
        // Not made anew: to clear it, instrumented, would take most of the time.
        static std::array<char, Herd::plain_max> bytes;
        const ssize_t count = recv(end, bytes.data(), bytes.size(), 0);
        return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
    }

    std::array<int, 2> ends_{};
};

// Says what becomes of each flight: in four bytes each, which one, what, where and how much.
class Changes {
public:
    explicit Changes(std::string_view bytes) : bytes_(bytes) {}

    void apply(std::size_t flight, std::string& bytes) const {
        for (std::size_t i = 0; i + 4 <= bytes_.size(); i += 4) {
            // More than a pipe takes shows nothing, and twenty doublings are a gigabyte.
            const bool fits = !bytes.empty() && bytes.size() <= Herd::plain_max;
            if (at(i) % flights == flight && fits) apply_one(i, bytes);
        }
    }
    static constexpr std::size_t flights = 6;

private:
    std::size_t at(std::size_t i) const { return static_cast<std::uint8_t>(bytes_[i]); }
    void apply_one(std::size_t i, std::string& bytes) const {
        // Near the beginning or anywhere.
        const std::size_t kind = at(i + 1);
        const std::size_t where = (kind & 8) != 0 ? at(i + 2) : at(i + 2) * bytes.size() / 256;
        const std::size_t from = std::min(where, bytes.size() - 1);
        const std::size_t much = at(i + 3);
        switch (kind % 8) {
            case 0:
                bytes[from] = static_cast<char>(much);
                break;
            case 1:
                bytes[from] = static_cast<char>(bytes[from] ^ 1 << much % 8);
                break;
            case 2:
                bytes.erase(from, much + 1);
                break;
            case 3:
                bytes.resize(from);
                break;
            case 4:
                bytes.insert(from, bytes.substr(0, much * 8));
                break;
            case 5:
                bytes += bytes.substr(from);
                break;
            case 6:
                bytes.insert(from, much + 1, static_cast<char>(much));
                break;
            default:
                std::swap(bytes[from], bytes[much % bytes.size()]);
        }
    }

    std::string_view bytes_;
};

// One connection, from the handshake on. The other end is an honest one.
class Talk {
public:
    Talk(bool neighbour, std::string_view changes)
        : neighbour_(neighbour),
          changes_(changes),
          server_(neighbour ? herd().a->accept_peer() : herd().a->accept_client()),
          client_(herd().b->dial_peer("A")) {}

    void play() {
        if (!shake()) return;
        // To the port for clients it shows its certificate only when it is asked: it is not.
        must(server_->proves("B") == neighbour_);
        must(!server_->proves("A"));
        std::string sent;
        for (std::size_t flight = 2; flight < Changes::flights; ++flight) {
            const std::string line = "IAMAT " + std::string(flight * flight * 100, 'x') + "\n";
            sent += line;
            std::string sealed(client_->seal(line));
            if (flight == 4) sealed += client_->farewell();
            changes_.apply(flight, sealed);
            if (!deliver(sealed, sent)) return;
            if (flight == 4) return;
        }
    }

private:
    static Herd& herd() {
        static Herd one;
        return one;
    }

    bool shake() {
        bool said = false;
        bool heard = false;
        for (std::size_t flight = 0; flight < 4; ++flight) {
            if (!said && client_->refusal().empty()) {
                said = client_->shake(client_pipe_.end()) == Seal::Shaken::done;
            }
            std::string bytes = client_pipe_.take();
            if (flight < 2) changes_.apply(flight, bytes);
            server_pipe_.put(bytes);
            const auto shaken = server_->shake(server_pipe_.end());
            heard = shaken == Seal::Shaken::done;
            const bool refused = shaken == Seal::Shaken::refused || shaken == Seal::Shaken::plain;
            must(refused == !server_->refusal().empty());
            if (heard || refused) break;
            client_pipe_.put(server_pipe_.take());
        }
        return heard && said;
    }

    bool deliver(std::string_view sealed, std::string_view sent) {
        server_pipe_.put(sealed);
        const std::string came = server_pipe_.rest();
        static std::array<char, Herd::plain_max + Seal::record_max> plain;
        const auto opened = server_->open(came, plain);
        delivered_.append(plain.data(), opened.count);
        static_cast<void>(server_->reply());
        must(sent.starts_with(delivered_));
        if (opened.end == Seal::End::broken) {
            must(!server_->refusal().empty());
            must(server_->seal("x").empty());
            must(server_->farewell().empty());
        }
        return opened.end == Seal::End::none;
    }

    bool neighbour_;
    Changes changes_;
    reactor::SealPtr server_;
    reactor::SealPtr client_;
    Pipe server_pipe_;
    Pipe client_pipe_;
    std::string delivered_;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (bytes.empty()) return;
    Talk((bytes[0] & 1) != 0, bytes.substr(1)).play();
}

}  // namespace tls_fuzz
