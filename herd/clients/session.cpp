#include "herd/clients/session.hpp"

#include "herd/clients/admissions.hpp"
#include "protocol/at_line.hpp"
#include "protocol/client_hello.hpp"
#include "protocol/iso6709.hpp"
#include "protocol/places_json.hpp"
#include "reactor/lines.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <span>
#include <utility>
#include <variant>

namespace herd::clients {

namespace {

// What a client that nobody knew takes of a turn, in lines beyond its own.
constexpr std::size_t newcomer_lines = 3;

// An answer's AT line, places and newlines.
std::size_t answer_size(std::size_t at_size, std::string_view places) {
    return at_size + places.size() + 3;
}

}  // namespace

Session::Session(Host& host, Arrival arrival)
    : host_(host),
      stream_(host.core.wire, *this),
      number_(arrival.number),
      group_(arrival.group % groups) {}

Session::~Session() {
    if (asks()) {
        host_.places.cancel(host_.questions[question_].ticket);
        forget_question();
    }
    if (question_ == searching) host_.searches->cancel(this);
    if (syncing_) host_.barrier.cancel(this);
    if (host_.admissions != nullptr) host_.admissions->forget(*this);
    if (host_.following != nullptr) host_.following->forget(host_.slot_of(*this));
    assert(!asks());
}

std::size_t Session::on_input(std::string_view bytes, std::size_t seen, bool ended) {
    host_.received_ns = reactor::sys::wall_ns();
    const std::size_t taken = read_lines(bytes, seen, ended);
    if (!stream_.listens()) return taken;
    if (draining_ || (ended && !follows())) stream_.finish();
    return taken;
}

std::size_t Session::read_lines(std::string_view bytes, std::size_t seen, bool ended) {
    // Who shakes hands waits for the answer to what may have no end of a line.
    if (!proven_ && !skipping_ && protocol::begins_client_hello(bytes) && !stream_.sealed()) {
        invalid("TLS is not spoken here");
        stream_.finish();
        return bytes.size();
    }
    reactor::Lines lines(bytes, seen);
    const table::LocationTable& table = host_.core.table;
    if (host_.searches != nullptr) host_.searches->begin_turn();
    const std::size_t turn =
        host_.turns.begin(host_.core.loop.now(), host_.core.limits.lines_per_turn);
    for (std::size_t left = turn;;) {
        const std::size_t known = table.size();
        const auto batch = host_.commands.take(lines, table, left);
        for (const Line& line : batch) {
            if (!skipping_) command(line);
            skipping_ = false;
            // What was read ahead is read again when its time has come.
            if (!stream_.listens()) {
                host_.turns.end(turn - left + batch.size());
                return line.end;
            }
        }
        const std::size_t newcomers = table.size() - known;
        left -= std::min(left, batch.size() + newcomers * newcomer_lines);
        if (left > 0 && batch.size() == CommandBatch::size_max) continue;
        host_.turns.end(turn - left);
        if (left > 0 || lines.rest().empty()) break;
        stream_.yield();
        return lines.taken();
    }
    if (lines.rest().empty()) return lines.taken();
    return lines.taken() + read_rest(lines.rest(), ended);
}

// Of what stands behind the last newline. Returns how many bytes of it were taken.
std::size_t Session::read_rest(std::string_view rest, bool ended) {
    if (skipping_) return rest.size();
    if (ended && !stream_.cut()) {
        // Public graders end their only command with the connection, not with a newline.
        Line last;
        last.read(reactor::Lines::trim(rest), host_.core.table);
        command(last);
        return rest.size();
    }
    // A CR at the end may be the first half of the line's end.
    if (reactor::Lines::trim(rest).size() > host_.core.limits.line_max) {
        too_long(rest);
        skipping_ = true;
        return rest.size();
    }
    return 0;
}

void Session::command(const Line& line) {
    if (host_.core.log.wire()) host_.core.log.wire_event("in", line.text);
    if (line.text.size() > host_.core.limits.line_max) return too_long(line.text);
    if (!line.message) {
        invalid(line.text);
    } else if (const auto* iamat = std::get_if<protocol::IamAt>(&*line.message)) {
        report(line, *iamat);
    } else if (const auto* whatsat = std::get_if<protocol::WhatsAt>(&*line.message)) {
        question(line, *whatsat);
    } else if (const auto* auth = std::get_if<protocol::Auth>(&*line.message)) {
        authenticate(line, *auth);
    } else if (const auto* near = std::get_if<protocol::Nearby>(&*line.message)) {
        nearby(line, *near);
    } else if (const auto* wanted = std::get_if<protocol::Follow>(&*line.message)) {
        follow(line, *wanted);
    } else if (const auto* over = std::get_if<protocol::Unfollow>(&*line.message)) {
        unfollow(line, *over);
    } else {
        static_assert(std::variant_size_v<protocol::Command> == 7, "each command has its branch");
        sync(line.text);
    }
}

void Session::report(const Line& line, const protocol::IamAt& iamat) {
    if (host_.admissions != nullptr && !allowed(iamat.client, access::Right::report)) {
        return invalid(line.text);
    }
    const std::span<char> out = stream_.reserve(host_.intake.answer_size_max(iamat) + 1);
    const auto from = [this] { return reactor::sys::peer_address(stream_.socket().fd()); };
    const auto taken = host_.intake.take(out, iamat, line.key, host_.received_ns, from);
    if (taken.refused()) return invalid(line.text);
    proven_ = true;
    host_.intake.hold_answer(stream_);
    const std::size_t size = taken.answer.size();
    out[size] = '\n';
    sent(size + 1, out.data());
}

void Session::question(const Line& line, const protocol::WhatsAt& whatsat) {
    assert(!waits());
    if (host_.admissions != nullptr && !allowed(whatsat.client, access::Right::ask)) {
        return invalid(line.text);
    }
    const table::Record* record = host_.core.table.find(whatsat.client, line.key);
    if (record == nullptr || host_.core.expired(record->effective_ns, host_.received_ns)) {
        return invalid(line.text);
    }
    ++host_.core.counters.whatsat;
    proven_ = true;
    const std::string_view at_line = host_.core.table.line(*record);
    const auto where = protocol::parse_iso6709(host_.core.table.location(*record));
    assert(where.has_value());
    std::array<char, protocol::places_failure_size_min> buffer{};
    if (whatsat.bound == 0) {
        return answer_now(at_line, protocol::format_no_places(buffer, protocol::PlacesStatus::ok));
    }
    const protocol::PlacesQuery query{where->latitude, where->longitude, whatsat.radius_mm};
    if (!ask(at_line, query, whatsat.bound)) {
        ++host_.core.counters.places_refused;
        return answer_now(at_line,
                          protocol::format_places_failure(buffer,
                                                          protocol::PlacesStatus::over_query_limit,
                                                          "Too many questions wait already."));
    }
    stream_.pause();
}

// False: too many ask already.
bool Session::ask(std::string_view at_line,
                  const protocol::PlacesQuery& query,
                  std::uint32_t bound) {
    assert(!asks());
    assert(bound > 0);
    assert(bound <= protocol::bound_max);
    assert(!at_line.empty());
    Questions& questions = host_.questions;
    Question* const question = questions.emplace();
    assert(question != nullptr);
    question_ = questions.index(*question);
    question->bound = bound;
    // A want of blocks may be this session's own end: it has no ticket then, and says nothing.
    reactor::Wire& wire = host_.core.wire;
    bool kept = question->at_line.append(wire.blocks(), at_line, false);
    while (!kept && wire.make_room())
        kept = question->at_line.append(wire.blocks(), at_line, false);
    if (kept && !stream_.dead()) {
        question->ticket =
            host_.places.begin(query, places::Places::Answered::to<&Session::on_places>(*this));
    }
    if (question->ticket) return true;
    forget_question();
    return false;
}

void Session::forget_question() {
    assert(asks());
    Question& question = host_.questions[question_];
    question.at_line.clear(host_.core.wire.blocks());
    host_.questions.release(question);
    question_ = Questions::no_index;
}

void Session::on_places(const protocol::CutPlaces& answer) {
    assert(asks());
    assert(!syncing_);
    assert(!stream_.listens());
    assert(!answer.text.empty());
    const Question& question = host_.questions[question_];
    const std::uint32_t bound = question.bound;
    const std::size_t at_size = question.at_line.size(host_.core.wire.blocks());
    const std::span<char> out = stream_.reserve(answer_size(at_size, answer.text));
    question.at_line.copy_to(host_.core.wire.blocks(), out.data());
    forget_question();
    send_places(out, at_size, answer, bound);
    answered_late();
}

void Session::answered_late() {
    assert(!waits());
    stream_.resume();
    if (draining_ && !stream_.holds_input()) stream_.finish();
}

void Session::sync(std::string_view line) {
    assert(!waits());
    ++host_.core.counters.sync;
    proven_ |= host_.admissions == nullptr;  // Else strangers may say it, and prove nothing by it.
    using Begun = links::Barrier::Begun;
    const Begun begun =
        host_.barrier.begin(this, links::Barrier::Over::to<&Session::on_synced>(*this));
    switch (begun) {
        case Begun::reached:
            return tell_reach();
        case Begun::refused:
            return invalid(line);
        case Begun::waiting:
            syncing_ = true;
            return stream_.pause();
    }
}

void Session::on_synced(bool reached) {
    assert(syncing_);
    assert(!asks());
    assert(!stream_.listens());
    syncing_ = false;
    if (reached) {
        tell_reach();
    } else {
        invalid("SYNC");
    }
    answered_late();
}

void Session::tell_reach() {
    const links::Reach reach = host_.barrier.reach();
    assert(reach.live <= reach.configured);
    const std::span<char> out = stream_.reserve(protocol::sync_answer_size_max + 1);
    const protocol::SyncAnswer answer{host_.core.name, reach.live, reach.configured};
    const std::size_t size = protocol::format(out, answer).size();
    out[size] = '\n';
    sent(size + 1, out.data());
}

void Session::answer_now(std::string_view at_line, std::string_view json) {
    assert(!at_line.empty());
    assert(!json.empty());
    const std::span<char> out = stream_.reserve(answer_size(at_line.size(), json));
    std::memcpy(out.data(), at_line.data(), at_line.size());
    send_places(out, at_line.size(), {json}, 0);
}

// Completes an answer whose AT line, `at_size` bytes, stands in `out` already. The line, the places
// and the empty line leave as one piece: there are clients that read once.
void Session::send_places(std::span<char> out,
                          std::size_t at_size,
                          const protocol::CutPlaces& answer,
                          std::uint32_t bound) {
    static_assert(protocol::bound_max <= protocol::PlacesCuts::ends_max);
    assert(out.size() >= answer_size(at_size, answer.text));
    out[at_size] = '\n';
    const std::string_view places = protocol::cut_again(out.subspan(at_size + 1), answer, bound);
    const std::size_t size = at_size + 1 + places.size();
    assert(size + 2 <= out.size());
    out[size] = '\n';
    out[size + 1] = '\n';
    sent(size + 2, out.data());
}

void Session::invalid(std::string_view line) {
    ++host_.core.counters.invalid;
    const std::size_t size = protocol::invalid_size(line) + 1;
    char* out = stream_.reserve(size).data();
    static_cast<void>(protocol::format_invalid({out, size}, line));
    out[size - 1] = '\n';
    sent(size, out);
}

// As much of it comes back as a line may have.
void Session::too_long(std::string_view line) {
    assert(line.size() > host_.core.limits.line_max);
    ++host_.core.counters.lines_too_long;
    invalid(line.substr(0, host_.core.limits.line_max));
}

void Session::sent(std::size_t size, const char* text) {
    if (host_.core.log.wire()) {
        host_.core.log.wire_event("out", std::string_view(text, size - 1));
    }
    stream_.commit(size);
}

void Session::tick() {
    struct Rule {
        std::uint32_t limit_ms;
        std::uint64_t* counter;
    };
    const auto rule = [&]() -> Rule {
        using Waiting = reactor::Stream::Waiting;
        const config::Limits& limits = host_.core.limits;
        watch::Counters& counters = host_.core.counters;
        switch (stream_.waiting()) {
            case Waiting::first:
                return {limits.first_line_ms, &counters.silent_at_first};
            case Waiting::rest:
                return {limits.rest_of_line_ms, &counters.slow_lines};
            case Waiting::next:
                return {limits.idle_ms, &counters.idle};
            case Waiting::drain:
                return {limits.drain_ms, &counters.slow_readers};
            case Waiting::linger:
                return {limits.linger_ms, &counters.lingered};
            case Waiting::owner:
                break;  // The Places deadline ends this.
        }
        return {UINT32_MAX, nullptr};
    }();
    if (rule.counter == nullptr || stream_.dead()) return;
    assert(host_.core.wire.seconds() >= stream_.waiting_since());
    const std::uint32_t waited_s = host_.core.wire.seconds() - stream_.waiting_since();
    if (std::uint64_t{waited_s} * 1000 < rule.limit_ms) return;
    ++*rule.counter;
    stream_.abort();
}

void Session::drain() {
    draining_ = true;
    const bool owes = waits() || stream_.yielded() || (stream_.blocked() && stream_.holds_input());
    if (!owes) stream_.finish();
}

void Session::on_drained() {
    assert(!stream_.blocked());
    if (draining_ && !waits() && !stream_.holds_input()) return stream_.finish();
    if (follows()) host_.following->resume(host_.slot_of(*this));
}

void Session::on_closed(reactor::Closed) {
    assert(stream_.dead());
    host_.ended(*this);
}

}  // namespace herd::clients
