#include "herd/links/peer_session.hpp"

#include "herd/table/rules.hpp"
#include "herd/watch/status.hpp"
#include "reactor/lines.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>
#include <variant>

namespace herd::links {

PeerSession::PeerSession(Core& core, Host& host, MessageBatch& messages, bool expected)
    : core_(core),
      host_(host),
      messages_(messages),
      stream_(core.wire, *this),
      expected_(expected) {}

reactor::Result<void> PeerSession::open(reactor::Socket socket) {
    assert(neighbour_ == nullptr);
    assert(!legacy_);
    opened_at_ = heard_at_ = core_.loop.now();
    return stream_.open(std::move(socket));
}

void PeerSession::tick() {
    assert(core_.loop.now() >= heard_at_);
    tell_divergence();
    if (stream_.dead()) return;
    const bool silent = stranger() && !expected_ && !stream_.finishing();
    if (core_.loop.now() - heard_at_ <= (silent ? first_line_max : silence_max)) {
        const bool owes = neighbour_ != nullptr && unanswered_;
        if (owes && !stream_.finishing()) say(protocol::Ack{acknowledged_});
        return;
    }
    if (legacy_ && !stream_.finishing()) return;
    ++core_.counters.links_silent;
    stream_.abort();
}

std::size_t PeerSession::on_input(std::string_view bytes, std::size_t seen, bool ended) {
    assert(!stream_.dead());
    // A stranger has until its first line, however slowly it sends it.
    if (neighbour_ != nullptr || legacy_) heard_at_ = core_.loop.now();
    unanswered_ = true;
    const std::size_t taken = read_lines(bytes, seen);
    answer();
    const std::string_view rest = bytes.substr(taken);
    if (!stream_.listens()) return taken;
    if (rest.size() > core_.table.line_size_max() + protocol::peer_message_size_max) reject_line();
    if (ended && stream_.listens()) on_end(rest);
    return taken;
}

// Returns how many bytes were taken as lines.
std::size_t PeerSession::read_lines(std::string_view bytes, std::size_t seen) {
    reactor::Lines lines(bytes, seen);
    while (true) {
        const auto batch = messages_.take(lines, core_.table);
        if (batch.empty()) return lines.taken();
        for (const Line& line : batch) {
            on_line(line);
            if (!stream_.listens()) return line.end;
        }
    }
}

// The last SEQ and the last PING of what has come at once are answered, for all of them: so what
// waits for a neighbour that asks much and reads nothing is two lines.
void PeerSession::answer() {
    if (std::exchange(ack_due_, false)) say(protocol::Ack{acknowledged_});
    if (std::exchange(pong_due_, false)) say(protocol::Pong{token_});
}

// What stands behind a neighbour's last newline is dropped: a report cut short may still read as a
// valid, older one. An old server's message ends like that.
void PeerSession::on_end(std::string_view rest) {
    assert(stream_.listens());
    if (!rest.empty() && neighbour_ == nullptr && is_legacy()) {
        Line last;
        last.read(reactor::Lines::trim(rest), core_.table);
        on_line(last);
    }
    stream_.finish();
}

bool PeerSession::is_legacy() {
    if (legacy_) return true;
    const auto from = reactor::sys::peer_address(stream_.socket().fd());
    return from && host_.is_legacy(*from);
}

void PeerSession::on_line(const Line& line) {
    if (core_.log.wire()) core_.log.event(Level::debug, "peer_in").field("line", line.text);
    if (!line.message) return reject_line();
    const protocol::PeerMessage& message = *line.message;
    const auto* at = std::get_if<protocol::AtLine>(&message);
    const bool hello = std::holds_alternative<protocol::Hello>(message);
    if (at != nullptr && neighbour_ == nullptr && !legacy_) {
        legacy_ = is_legacy();
        if (legacy_) stream_.privilege();
    }
    const bool asks = std::holds_alternative<protocol::StatusRequest>(message);
    const bool introduces = hello || asks;
    const bool allowed = legacy_ ? at != nullptr : introduces == (neighbour_ == nullptr);
    if (!allowed) return reject_line();
    if (at != nullptr) return on_record(*at, line.key);
    std::visit([this](const auto& what) { on_message(what); }, message);
}

void PeerSession::on_message(const protocol::Hello& hello) {
    assert(neighbour_ == nullptr);
    assert(!legacy_);
    if (hello.version != protocol::peer_version) return refuse(502, "protocol version 1 only");
    const auto admitted = host_.admit(*this, hello);
    if (!admitted) return refuse(admitted.error().code, admitted.error().text);
    assert(*admitted != nullptr);
    neighbour_ = *admitted;
    stream_.privilege();
    heard_at_ = core_.loop.now();
    incarnation_ = neighbour_->incarnation(hello.epoch);
    neighbour_->received = table::rules::granted(neighbour_->received, hello.epoch);
    const table::rules::Position& granted = neighbour_->received;
    core_.log.event(Level::info, "neighbour_connected")
        .field("neighbour", neighbour_->name())
        .field("from", granted.seq)
        .field("to", hello.seq);
    say(protocol::Welcome{protocol::peer_version,
                          core_.name,
                          core_.epoch,
                          granted.epoch,
                          granted.seq,
                          granted.sweep_target,
                          granted.sweep_slot,
                          reactor::sys::wall_ns()});
}

void PeerSession::on_record(const protocol::AtLine& line, table::LocationTable::Key key) {
    if (core_.too_far_ahead(line.skew_ns, line.time.nanoseconds)) {
        ++core_.counters.future_stamps;
        return;
    }
    if (core_.expired(line)) {
        ++core_.counters.expired_stamps;
        return;
    }
    switch (core_.table.relay(line, key, incarnation_)) {
        case table::Stored::stored:
            ++core_.counters.relayed;
            core_.wire.post_flush();
            break;
        case table::Stored::not_newer:
            ++core_.counters.duplicates;
            // An old server takes whatever it is told, also what is older than what it had.
            if (legacy_ && core_.table.repeat(line)) core_.wire.post_flush();
            break;
        case table::Stored::reserved:
            assert(false);  // Only of clients' own reports.
            break;
        case table::Stored::table_full:
            ++core_.counters.table_full;
            break;
        case table::Stored::no_long_line:
            ++core_.counters.long_records_full;
            break;
    }
}

void PeerSession::on_message(const protocol::Seq& seq) {
    assert(neighbour_ != nullptr);
    table::rules::Position& received = neighbour_->received;
    received.seq = std::max(received.seq, seq.seq);
    if (received.seq >= received.sweep_target) received.sweep_target = received.sweep_slot = 0;
    acknowledged_ = std::max(acknowledged_, seq.seq);
    ack_due_ = true;
}

void PeerSession::on_message(const protocol::DigestPart& part) {
    assert(neighbour_ != nullptr);
    constexpr std::uint32_t size = Comparison::buckets_per_line;
    if (part.first % size != 0 || part.first / size >= Comparison::lines) return reject_line();
    if (!neighbour_->comparison.admits(part.first / size, core_.loop.now())) return;
    for (std::uint32_t i = 0; i < size; ++i) {
        const std::uint32_t bucket = part.first + i;
        const std::uint64_t ours = core_.table.digest().bucket(bucket);
        if (!neighbour_->comparison.diverges(bucket, ours, part.hashes[i])) continue;
        ++divergent_;
        host_.on_divergence(bucket);
    }
}

void PeerSession::tell_divergence() {
    const std::uint32_t buckets = std::exchange(divergent_, 0);
    if (buckets == 0) return;
    assert(neighbour_ != nullptr);
    core_.counters.buckets_divergent += buckets;
    neighbour_->divergences += buckets;
    core_.log.event(Level::warning, "divergence")
        .field("neighbour", neighbour_->name())
        .field("buckets", std::uint64_t{buckets});
}

void PeerSession::on_message(const protocol::Sweep& sweep) {
    assert(neighbour_ != nullptr);
    table::rules::Position& received = neighbour_->received;
    if (sweep.target <= received.seq) return;
    received.sweep_target = sweep.target;
    received.sweep_slot = sweep.slot;
}

void PeerSession::on_message(const protocol::Ping& ping) {
    assert(neighbour_ != nullptr);
    token_ = ping.token;
    pong_due_ = true;
}

void PeerSession::on_message(const protocol::StatusRequest&) {
    assert(neighbour_ == nullptr);
    const std::span<char> out = stream_.reserve(watch::status_size_max + 1);
    const std::size_t size = host_.status(out.first(watch::status_size_max)).size();
    assert(size <= watch::status_size_max);
    out[size] = '\n';
    stream_.commit(size + 1);
    stream_.finish();
}

void PeerSession::reject_line() {
    ++core_.counters.peer_lines_bad;
    refuse(501, "not the protocol between servers");
}

void PeerSession::refuse(std::uint32_t code, std::string_view reason) {
    assert(code >= 500 && code < 600);
    assert(!reason.empty());
    if (stream_.dead() || stream_.finishing()) return;
    answer();
    ++core_.counters.peers_refused;
    std::array<char, reactor::address_text_size_max> from{};
    const auto address = reactor::sys::peer_address(stream_.socket().fd());
    core_.log.event(Level::warning, "peer_refused")
        .field("from", address ? address->text(from) : "nowhere")
        .field("code", std::uint64_t{code})
        .field("reason", reason);
    say(protocol::Refusal{code, reason});
    stream_.finish();
}

void PeerSession::on_closed(reactor::Closed) {
    assert(stream_.dead());
    host_.on_ended(*this);
}

void PeerSession::check() const {
    stream_.check();
    assert(neighbour_ == nullptr || !legacy_);
    assert((neighbour_ != nullptr) == (incarnation_ != 0));
    assert(!ack_due_);
    assert(!pong_due_);
    assert(neighbour_ != nullptr || acknowledged_ == 0);
    assert(neighbour_ != nullptr || divergent_ == 0);
}

template <class Message>
void PeerSession::say(const Message& message) {
    std::array<char, protocol::peer_line_size_max> out{};
    unanswered_ = false;
    stream_.send(protocol::format_line(out, message));
}

}  // namespace herd::links
