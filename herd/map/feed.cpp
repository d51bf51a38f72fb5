// Who looks at the map, and what has changed for them.
#include "herd/map/feed.hpp"

#include "herd/map/text.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <charconv>
#include <optional>

namespace herd::map {

namespace {

using protocol::TextWriter;

constexpr std::string_view stream_type = "text/event-stream";
constexpr std::string_view stream_extra = "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n";
// A browser that lost us comes again after so many milliseconds. It does not after any status but
// 200, so who finds no place has that, too. It stands before the first event, and not by itself: a
// blank line behind it would end an event without data, of which some clients make a message.
constexpr std::string_view begun = "retry:1000\n";
constexpr std::string_view busy = "retry:5000\nevent:busy\ndata:1\n\n";
// For bytes that the kernel keeps for who does not read: what it has is what it will see first.
constexpr int send_buffer = 64 << 10;

// A number in hexadecimal digits at the front, and the separator behind it, which are cut off.
std::optional<std::uint64_t> take_hex(std::string_view& text) {
    std::uint64_t value = 0;
    const auto taken = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (taken.ec != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(taken.ptr - text.data()));
    if (text.starts_with('-')) text.remove_prefix(1);
    return value;
}

}  // namespace

Feed::Feed(Core& core, std::span<const config::Server> servers)
    : core_(core),
      servers_(servers),
      pass_(core.loop, reactor::Delegate<void()>::to<&Feed::on_pass_due>(*this)),
      task_(core.loop, reactor::Phase::work, reactor::Delegate<void()>::to<&Feed::run>(*this)) {}

Feed::~Feed() {
    if (viewers_.size() > 0) unlink();
}

std::uint64_t Feed::memory_max(const config::Limits& limits) {
    const std::uint32_t viewers = viewers_max(limits);
    return viewers * reactor::Slab<Viewer>::slot_size +
           3 * Marks::memory_max(viewers, limits.clients) + 2 * piece_size + 2 * gone_size +
           2 * text_size;
}

reactor::Result<void> Feed::map() {
    const config::Limits& limits = core_.limits;
    moves_left_ = moves_per_pass();
    const std::uint32_t viewers = viewers_max(limits);
    auto mapped = viewers_.map(viewers);
    if (mapped) mapped = changed_.map(viewers, limits.clients);
    if (mapped) mapped = shown_.map(viewers, limits.clients);
    if (mapped) mapped = forgotten_.map(viewers, limits.clients);
    const auto map_buffer = [&](reactor::PageArray<char>& buffer, std::size_t size) {
        if (!mapped) return;
        auto pages = reactor::PageArray<char>::map(size);
        if (!pages) {
            mapped = std::unexpected(pages.error());
            return;
        }
        buffer = std::move(*pages);
    };
    map_buffer(moves_, piece_size);
    map_buffer(gone_, gone_size);
    map_buffer(piece_, piece_size + gone_size + text_size);
    map_buffer(state_, text_size);
    return mapped;
}

void Feed::begin(http::Connection& connection, const Wish& wish) {
    assert(state_.size() > 0);
    // A page that asks again has closed what it had: that shows only when we write there.
    Viewer* before = nullptr;
    viewers_.for_each([&](Viewer& each) {
        if (wish.page != 0 && each.page == wish.page) before = &each;
    });
    if (before != nullptr) {
        http::Connection& gone = *before->connection;
        release(*before);
        gone.stream().abort();
    }
    const bool full = viewers_.full();
    if (full) ++core_.counters.map_viewers_refused;
    if (!connection.start(
            {.type = stream_type, .extra = stream_extra, .body = full ? busy : begun})) {
        return;
    }
    if (full) return connection.end();
    static_cast<void>(reactor::sys::set_option(
        connection.stream().socket().fd(), reactor::sys::Option::send_buffer_size, send_buffer));
    ++core_.counters.map_viewers;
    Viewer* const viewer = viewers_.emplace(
        Viewer{.connection = &connection, .box = wish.box, .grant = wish.grant, .page = wish.page});
    if (viewers_.size() == 1) wake();
    resume_from(*viewer, wish.last);
    const std::uint32_t index = viewers_.index(*viewer);
    const std::uint32_t slots = core_.table.slots();
    changed_.fill(index, slots, true);
    forgotten_.fill(index, slots, false);
    // Whom it was told of on another connection, nobody knows any more: perhaps of all.
    shown_.fill(index, slots, viewer->base > 0);
    greet(*viewer, wish.follow);
    viewer->owes_state = state_size_ > 0;
    begin_pass(*viewer);
    task_.post();
}

// What it had been told by then still holds if since then this very run has forgotten nobody.
void Feed::resume_from(Viewer& viewer, std::string_view last) const {
    const auto epoch = take_hex(last);
    const auto seq = take_hex(last);
    const auto expired = take_hex(last);
    if (!epoch || !seq || !expired || *epoch != core_.epoch) return;
    if (*seq > core_.table.feed().seq() || *expired != core_.counters.records_expired) return;
    if (viewer.grant.pattern.text() == "*") viewer.base = *seq;
}

void Feed::greet(Viewer& viewer, std::string_view follow) {
    if (!follow.empty() && viewer.grant.pattern.covers(follow)) {
        const table::Record* const record = core_.table.find(follow);
        if (record != nullptr) viewer.also = core_.table.slot(*record);
    }
    TextWriter out({&piece_[0], piece_.size()});
    out.put("event:hello\ndata:");
    write_hello(out,
                {.server = core_.name,
                 .epoch = core_.epoch,
                 .whole = viewer.base == 0,
                 .follow = viewer.also,
                 .servers = servers_});
    out.put("\n\n");
    assert(!out.overflowed());
    viewer.connection->send(out.text());
}

void Feed::leave(const http::Connection& connection) {
    Viewer* found = nullptr;
    viewers_.for_each([&](Viewer& each) {
        if (each.connection == &connection) found = &each;
    });
    if (found != nullptr) release(*found);
}

void Feed::end(Viewer& viewer) {
    http::Connection& connection = *viewer.connection;
    release(viewer);
    connection.end();
}

std::uint32_t Feed::revoke(const web::Gate& gate) {
    std::uint32_t ended = 0;
    viewers_.for_each([&](Viewer& each) {
        if (gate.stands(each.grant)) return;
        end(each);
        ++ended;
    });
    return ended;
}

void Feed::release(Viewer& viewer) {
    viewers_.release(viewer);
    if (viewers_.size() == 0) sleep();
}

void Feed::wake() {
    core_.table.show_removals(*this);
    cursor_.emplace(core_.table.feed());
    cursor_->seek_end();
    looked_up_ = cursor_->passed();
    pass_.start(pass_interval);
}

void Feed::sleep() {
    unlink();
    cursor_.reset();
    looking_up_ = false;
    pass_.cancel();
    task_.cancel();
}

// So that its slot may be another's when the next pass comes by.
void Feed::before_removal(std::uint32_t slot) {
    viewers_.for_each([&](Viewer& viewer) {
        if (viewer.also == slot) viewer.also = table::no_record;
        const std::uint32_t index = viewers_.index(viewer);
        if (!shown_.has(index, slot)) return;
        static_cast<void>(changed_.add(index, slot));
        static_cast<void>(forgotten_.add(index, slot));
    });
}

void Feed::note(const watch::Status& status, bool ready) {
    TextWriter out({&state_[0], state_.size()});
    write_state(out, status, ready, viewers_.size(), reactor::sys::wall_ns());
    assert(!out.overflowed());
    state_size_ = out.size();
    if (viewers_.size() == 0) return;
    viewers_.for_each([](Viewer& each) { each.owes_state = true; });
    task_.post();
}

void Feed::on_pass_due() {
    const std::int64_t now_s = reactor::sys::wall_s();
    bool due = false;
    viewers_.for_each([&](Viewer& each) {
        if (each.grant.expired(now_s)) return end(each);
        due = due || (!each.passing && !each.connection->blocked());
    });
    if (viewers_.size() == 0) return;
    if (due && !looking_up_) {
        looking_up_ = true;
        target_ = core_.table.feed().seq();
    }
    moves_left_ = std::min(moves_left_ + moves_per_pass(), moves_per_pass());
    task_.post();
    pass_.start(pass_interval);
}

std::int64_t Feed::moves_per_pass() const {
    static_assert(std::chrono::seconds(1) / pass_interval == 4);
    return core_.limits.map_moves_per_s / 4;
}

void Feed::check() const {
    viewers_.check();
    assert(pass_.pending() == (viewers_.size() > 0));
    assert(cursor_.has_value() == (viewers_.size() > 0));
    assert(!looking_up_ || cursor_);
    assert(!cursor_ || looked_up_ <= cursor_->passed());
    assert(moves_left_ <= moves_per_pass());
    viewers_.for_each([&](const Viewer& viewer) {
        assert(viewer.connection->is_streaming());
        assert(viewer.at <= core_.table.slots());
        assert(viewer.also == table::no_record || core_.table.used(viewer.also));
        assert(viewer.whole ? viewer.base == 0 : viewer.passing);
        const std::uint32_t index = viewers_.index(viewer);
        for (std::uint32_t slot = 0; slot < core_.table.slots(); ++slot) {
            if (!forgotten_.has(index, slot)) continue;
            assert(shown_.has(index, slot));
            assert(changed_.has(index, slot));
        }
    });
}

}  // namespace herd::map
