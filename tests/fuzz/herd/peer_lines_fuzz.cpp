// What may come to a peer port, in whatever pieces, into a PeerSession on the fake kernel: it must
// not crash, must not hold more memory than it may, and nothing counts before a neighbour's HELLO
// and cookie, or else but AT lines from where an old server is.
#include "herd/links/host.hpp"
#include "herd/links/neighbour.hpp"
#include "herd/links/peer_session.hpp"
#include "herd/table/digest.hpp"
#include "herd/table/message_batch.hpp"
#include "herd/watch/status.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/lines.hpp"
#include "reactor/listener.hpp"
#include "reactor/slab.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/run_host.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <expected>
#include <set>
#include <span>
#include <string>

namespace peer_lines_fuzz {

namespace {

using fuzz::must;
using herd::links::Neighbour;
using herd::links::PeerSession;
using namespace std::chrono_literals;

constexpr sim::Host here = 1;
constexpr sim::Host there = 2;

class House final : public herd::links::Host {
public:
    House() {
        kernel_.delay_min_ns = kernel_.delay_max_ns = 1000;
        kernel_.enter(here);
        const reactor::Wire::Limits memory{
            .send_size = 2 * herd::watch::status_size_max, .blocks = 16, .blocks_reserved = 1};
        must(loop_.open({.watches = 16, .timers = 16}).has_value());
        must(wire_.open(memory).has_value());
        must(table_.open({256, 4, 500}, herd::table::ClientHash(1, 2)).has_value());
        must(sessions_.map(2).has_value());
        must(static_cast<bool>(
            listener_.listen(reactor::Address::loopback(1100), reactor::SocketProfile::client)));
        kernel_.enter(there);
        fd_ = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(fd_, reactor::Address::loopback(1100)));
        run(2us);
        must(kernel_.take_error(fd_).has_value());
        run(2us);
        must(session_ != nullptr);
    }
    ~House() { kernel_.enter(here); }
    House(const House&) = delete;
    House& operator=(const House&) = delete;

    // Each piece: its size, then its bytes.
    void play(std::string_view input) {
        legacy_ = !input.empty() && (input[0] & 2) != 0;
        if (!input.empty() && (input[0] & 1) != 0) {
            say("HELLO 1 B 00000000000000b1 7 1767225600000000000 00000000000000bb ");
            say((input[0] & 4) != 0 ? "0000000000000007\n"
                                    : "0000000000000000\nCOOKIE 0000000000000007\n");
        }
        while (!input.empty()) {
            const auto size = static_cast<std::uint8_t>(input[0]);
            input.remove_prefix(1);
            const std::string_view piece = input.substr(0, size);
            input.remove_prefix(piece.size());
            say(piece);
            check();
        }
        kernel_.enter(there);
        kernel_.shutdown_write(fd_);
        run(2us);
        ended_ = true;
        check();
        // Whatever it was: it has ended, or does so when it has been silent for long.
        run(5s);
        if (session_ != nullptr) session_->tick();
        run(2us);
        must(session_ == nullptr);
        must(wire_.blocks().in_use() == 0);
    }

private:
    void on_accepted(reactor::Socket socket) {
        session_ = sessions_.emplace(core_, *this, messages_, PeerSession::From::neighbour);
        must(session_->open(std::move(socket)).has_value());
    }
    std::expected<Neighbour*, protocol::Refusal> claim(const protocol::Hello& hello) override {
        if (hello.name == "B") return &neighbour_;
        return std::unexpected(protocol::Refusal{503, "not a neighbour of this server"});
    }
    std::expected<void, protocol::Refusal> admit(PeerSession&,
                                                 Neighbour& neighbour,
                                                 std::uint64_t) override {
        must(&neighbour == &neighbour_);
        return {};
    }
    void on_greeting(const Neighbour&) override { must(false); }
    void on_live(const Neighbour&, std::uint32_t) override { must(false); }
    void on_progress() override { must(false); }
    void on_divergence(std::uint32_t bucket) override {
        must(bucket < herd::table::Digest::bucket_count && !legacy_);
    }
    void on_ended(PeerSession& session) override {
        sessions_.release(session);
        session_ = nullptr;
    }
    bool is_legacy(const reactor::Address&) const override { return legacy_; }
    void on_legacy() override { must(legacy_); }
    bool is_server(std::string_view) const override { return true; }
    std::string_view status(std::span<char> out, herd::watch::Audience) const override {
        out[0] = '{';
        out[1] = '}';
        return {out.data(), 2};
    }

    void say(std::string_view bytes) {
        kernel_.enter(there);
        std::string buffer(4096, '\0');
        static_cast<void>(kernel_.receive(fd_, buffer));
        if (bytes.empty()) return;
        const auto sent = kernel_.send(fd_, bytes);
        said_.append(bytes.substr(0, sent.value_or(0)));
        run(3us);
    }
    void run(reactor::Duration duration) {
        sim::run_host(kernel_, here, loop_, duration);
        kernel_.enter(here);
        loop_.run_once();
    }

    // Only what complete lines behind a HELLO and the cookie have said is believed; or all AT lines
    // of an old server, the last one also when nothing but the connection ends it.
    void check() const {
        std::set<std::string> reports;
        std::uint64_t count = 0;
        std::uint64_t seq = 0;
        bool greeted = false;
        bool known = false;
        bool old = false;
        const std::string said = ended_ && legacy_ ? said_ + "\n" : said_;
        reactor::Lines lines(said);
        while (const auto line = lines.take()) {
            const auto message = protocol::parse_peer_message(*line);
            if (!message) break;
            const auto* hello = std::get_if<protocol::Hello>(&*message);
            const auto* cookie = std::get_if<protocol::Cookie>(&*message);
            if (std::holds_alternative<protocol::StatusRequest>(*message)) break;
            const bool is_at = std::holds_alternative<protocol::AtLine>(*message);
            old = old || (is_at && !greeted && legacy_);
            if (old ? !is_at : (hello != nullptr) == greeted) break;
            if (greeted && !known && cookie == nullptr) break;
            greeted = greeted || hello != nullptr;
            known = known || (hello != nullptr && hello->shown == neighbour_.cookie()) ||
                    (cookie != nullptr && cookie->shown == neighbour_.cookie());
            if (const auto* mark = std::get_if<protocol::Seq>(&*message)) {
                seq = std::max(seq, mark->seq);
            }
            if (const auto* at = std::get_if<protocol::AtLine>(&*message)) {
                std::string text(at_line_size(*at), '\0');
                reports.insert(std::string(protocol::format_at(text, *at)));
                ++count;
            }
        }
        must(table_.size() <= count);
        must(neighbour_.received.seq <= seq);
        for (std::uint32_t slot = 0; slot < table_.size(); ++slot) {
            must(reports.contains(std::string(table_.line(table_.at(slot)))));
            must((table_.at(slot).source == 0) == old);
        }
        // A line that is not complete, and what could not be written.
        must(wire_.counters().blocks_exhausted == 0);
    }

    sim::FakeKernel kernel_{1};
    herd::config::Limits limits_;
    reactor::Loop loop_;
    reactor::Wire wire_{loop_};
    herd::table::LocationTable table_;
    herd::Log log_{loop_};
    herd::watch::Counters counters_;
    static constexpr std::int64_t max_future_ms = 0;  // off
    herd::Core core_{loop_, wire_, table_, log_, counters_, limits_, "A", 1, max_future_ms, 0};
    herd::table::MessageBatch messages_{};
    Neighbour neighbour_{0, "B", 7};
    reactor::Slab<PeerSession> sessions_;
    PeerSession* session_ = nullptr;
    reactor::Listener listener_{
        loop_, reactor::Delegate<void(reactor::Socket)>::to<&House::on_accepted>(*this)};
    int fd_ = -1;
    std::string said_;
    bool legacy_ = false;  // An old server of ours has its address.
    bool ended_ = false;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    House house;
    house.play({reinterpret_cast<const char*>(data), size});
}

}  // namespace peer_lines_fuzz
