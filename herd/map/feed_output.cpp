// What is told, and to whom when.
#include "herd/geo/prefetch.hpp"
#include "herd/map/feed.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace herd::map {

namespace {

using protocol::TextWriter;

// Of one record: its slot, the server, latitude, longitude and age.
constexpr std::size_t place_digits = 5;
constexpr unsigned age_digits = 3;
constexpr unsigned time_digits = 7;
constexpr std::size_t move_size_max = Digits::short_max + 1 + 2 * place_digits + age_digits;
constexpr std::uint32_t place_unit = 100;  // ten-millionths of a degree: a metre
constexpr std::int64_t age_unit_ns = 1'000'000'000;
constexpr std::int64_t millisecond_ns = 1'000'000;

std::uint64_t not_negative(std::int64_t value) {
    return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

void put_event(TextWriter& out, std::string_view name, std::string_view data) {
    out.put("event:");
    out.put(name);
    out.put("\ndata:");
    out.put(data);
    out.put("\n\n");
}

}  // namespace

std::size_t Feed::Piece::room() const {
    return std::min(
        {std::size_t{looks_left}, moves.room() / move_size_max, gone.room() / Digits::short_max});
}

// A piece of looking up, else one for one of those who want one and read, in turns.
void Feed::run() {
    if (looking_up_) {
        look_up();
        return task_.post();
    }
    Viewer* const viewer = moves_left_ > 0 ? next() : nullptr;
    if (viewer == nullptr) return;
    turn_ = viewers_.index(*viewer);
    tell(*viewer);
    if (next() == nullptr) return;
    if (moves_left_ > 0) return task_.post();
    ++core_.counters.map_held_back;  // until the next pass is due
}

// Those whose pass is through have waited for it.
void Feed::look_up() {
    std::uint32_t looks = 0;
    for (; looks < look_ups_per_piece && cursor_->passed() < target_; ++looks) {
        look_up(*cursor_->peek());
        cursor_->advance();
    }
    // The others are changes that a later one has replaced.
    core_.counters.map_conflated += cursor_->passed() - looked_up_ - looks;
    looked_up_ = cursor_->passed();
    if (looked_up_ < target_) return;
    looking_up_ = false;
    viewers_.for_each([&](Viewer& each) {
        if (!each.passing) begin_pass(each);
    });
}

void Feed::look_up(const table::Record& record) {
    const std::uint32_t slot = core_.table.slot(record);
    viewers_.for_each([&](const Viewer& viewer) {
        const std::uint32_t index = viewers_.index(viewer);
        const bool concerned =
            viewer.box.holds(record.spot) || viewer.also == slot || shown_.has(index, slot);
        if (concerned && !changed_.add(index, slot)) ++core_.counters.map_conflated;
    });
}

Viewer* Feed::next() {
    Viewer* first = nullptr;
    Viewer* behind = nullptr;
    viewers_.for_each([&](Viewer& each) {
        if (!each.passing && !each.owes_state) return;
        if (each.connection->blocked()) return;
        if (first == nullptr) first = &each;
        if (behind == nullptr && viewers_.index(each) > turn_) behind = &each;
    });
    return behind != nullptr ? behind : first;
}

// Whatever was looked up by now is told of in this pass.
void Feed::begin_pass(Viewer& viewer) {
    viewer.passing = true;
    viewer.at = 0;
    viewer.begun = {.seq = cursor_->passed(), .expired = core_.counters.records_expired};
}

void Feed::end_pass(Viewer& viewer) {
    assert(viewer.passing);
    viewer.passing = false;
    viewer.whole = true;
    viewer.base = 0;
    viewer.told = viewer.begun;
}

void Feed::tell(Viewer& viewer) {
    Piece piece{.moves = Digits({&moves_[0], moves_.size()}),
                .gone = Digits({&gone_[0], gone_.size()}),
                .wall_ns = reactor::sys::wall_ns()};
    piece.moves.put(not_negative(piece.wall_ns / millisecond_ns), time_digits);
    const bool was_whole = viewer.whole;
    if (viewer.passing) walk(viewer, piece);
    moves_left_ -= piece.told;
    TextWriter out({&piece_[0], piece_.size()});
    if (!piece.gone.empty()) put_event(out, "gone", piece.gone.text());
    if (piece.moves.text().size() > time_digits) put_event(out, "now", piece.moves.text());
    if (viewer.whole && !was_whole) put_event(out, "whole", "1");
    if (std::exchange(viewer.owes_state, false)) {
        if (viewer.whole) put_id(out, viewer.told);
        put_event(out, "state", {&state_[0], state_size_});
    }
    assert(!out.overflowed());
    if (out.size() > 0) viewer.connection->send(out.text());
}

void Feed::put_id(TextWriter& out, const Told& told) const {
    out.put("id:");
    out.put_hex(core_.epoch, 1);
    out.put('-');
    out.put_hex(told.seq, 1);
    out.put('-');
    out.put_hex(told.expired, 1);
    out.put('\n');
}

void Feed::walk(Viewer& viewer, Piece& piece) {
    std::array<std::uint32_t, 16> some{};
    while (const std::size_t room = std::min(piece.room(), some.size())) {
        const auto slots = take_slots(viewer, std::span(some).first(room));
        for (const std::uint32_t slot : slots) put(viewer, slot, piece);
        piece.looks_left -= static_cast<std::uint32_t>(slots.size());
        if (slots.size() < room) return end_pass(viewer);
    }
}

// The next slots that its pass has to look at, whose records are on their way from memory then;
// fewer than there is room for: these are the last.
std::span<const std::uint32_t> Feed::take_slots(Viewer& viewer, std::span<std::uint32_t> out) {
    const std::uint32_t index = viewers_.index(viewer);
    const std::uint32_t end = core_.table.slots();
    std::size_t count = 0;
    while (count < out.size()) {
        const std::uint32_t slot = changed_.next(index, viewer.at, end);
        if (slot == end) break;
        viewer.at = slot + 1;
        static_cast<void>(changed_.remove(index, slot));
        geo::prefetch(core_.table.at(slot));
        out[count++] = slot;
    }
    return out.first(count);
}

void Feed::put(const Viewer& viewer, std::uint32_t slot, Piece& piece) {
    const std::uint32_t index = viewers_.index(viewer);
    const bool forgotten = forgotten_.remove(index, slot);
    if (!forgotten && core_.table.at(slot).seq <= viewer.base) return;
    const bool is_there = core_.table.used(slot) && shows(viewer, slot, piece.wall_ns);
    const bool was_there = is_there ? !shown_.add(index, slot) : shown_.remove(index, slot);
    if (was_there && (forgotten || !is_there)) put_gone(piece, slot);
    if (is_there) put_move(piece, slot);
}

bool Feed::shows(const Viewer& viewer, std::uint32_t slot, std::int64_t wall_ns) const {
    const table::Record& record = core_.table.at(slot);
    if (!viewer.box.holds(record.spot) && viewer.also != slot) return false;
    if (core_.expired(record.effective_ns, wall_ns)) return false;
    return viewer.grant.pattern.covers(core_.table.client(record));
}

void Feed::put_move(Piece& piece, std::uint32_t slot) const {
    ++piece.told;
    const table::Record& record = core_.table.at(slot);
    const protocol::Spot spot = record.spot;
    piece.moves.put_short(slot - std::exchange(piece.moved_from, slot + 1));
    piece.moves.put(server_index(record.server(core_.table.line(record))), 1);
    piece.moves.put(spot.latitude / place_unit, place_digits);
    piece.moves.put(spot.longitude / place_unit, place_digits);
    piece.moves.put(not_negative((piece.wall_ns - record.effective_ns) / age_unit_ns), age_digits);
}

void Feed::put_gone(Piece& piece, std::uint32_t slot) {
    piece.gone.put_short(slot - std::exchange(piece.gone_from, slot + 1));
}

// Of a server that the configuration does not know: one more than the last.
std::uint32_t Feed::server_index(std::string_view name) const {
    std::uint32_t index = 0;
    while (index < servers_.size() && servers_[index].name != name) ++index;
    return index;
}

}  // namespace herd::map
