#pragma once

#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/http/connection.hpp"
#include "herd/map/digits.hpp"
#include "herd/map/marks.hpp"
#include "herd/map/viewer.hpp"
#include "herd/table/change_feed.hpp"
#include "herd/table/onlooker.hpp"
#include "herd/watch/status.hpp"
#include "herd/web/gate.hpp"
#include "protocol/text_writer.hpp"
#include "reactor/loop.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace herd::map {

// Tells those who look at the map where clients are, each in an answer that does not end, of
// server-sent events (docs/map.md). A change costs nothing when it is made. Four times a second the
// table's feed has them *looked up*, once for all viewers: for each who shows that client, or in
// whose box it is, a bit is set, and that is all that waits for a viewer, however far behind it is.
// Then a viewer's bits are gone through, in a *pass*: who stands in the box is told of as it is by
// then; of whom the viewer shows and who does not, that it has gone. In its first pass all are set.
//
// One piece of this in an iteration, of bounded size and work, and in a quarter of a second as many
// positions as limits.map_moves_per_s leaves for it: so the load of a server decides how often its
// onlookers see each client, and not they how many lines it takes. Who does not read is passed by
// until it has. While nobody's pass is through nothing is looked up, and the feed has each client
// once, however often it moves.
//
// Invariant: whom a viewer shows is among `shown_`; whoever was there and is forgotten, of these
// also among `forgotten_` and `changed_`, until that is told.
//
// Owned by the server's Operations. All memory is mapped at start. Connections are theirs; a viewer
// dies with its own.
class Feed final : public table::RemovalOnlooker {
public:
    static constexpr reactor::Duration pass_interval = std::chrono::milliseconds(250);
    // At records: for all viewers, at whichever has changed next; and for one, at those that have,
    // of which several are fetched at once.
    static constexpr std::uint32_t look_ups_per_piece = 256;
    static constexpr std::uint32_t looks_per_piece = 1024;
    static constexpr std::size_t piece_size = std::size_t{8} << 10;

    Feed(Core& core, std::span<const config::Server> servers);
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;
    ~Feed();

    // How many can look on: of the connections that speak HTTP half at most, so that there is room
    // for who asks how the server is.
    static std::uint32_t viewers_max(const config::Limits& limits) {
        return std::min(limits.map_viewers, limits.http_connections / 2);
    }
    // Bytes that map() maps.
    static std::uint64_t memory_max(const config::Limits& limits);
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map();

    // Begins to answer the request at hand. With all places taken, says so and ends.
    void begin(http::Connection& connection, const Wish& wish);
    // That one reads again; will have no answer any more.
    void resume() { task_.post(); }
    void leave(const http::Connection& connection);

    // The gate's tokens are others now: ends who looks by one that is none any more. How many.
    std::uint32_t revoke(const web::Gate& gate);

    // About once a second: how the server is.
    void note(const watch::Status& status, bool ready);

    std::uint32_t size() const { return viewers_.size(); }
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    static constexpr std::size_t text_size = std::size_t{32} << 10;  // of what is told as JSON
    static constexpr std::size_t gone_size = std::size_t{4} << 10;
    // What goes into one piece.
    struct Piece {
        Digits moves;
        Digits gone;
        std::int64_t wall_ns;
        std::uint32_t moved_from = 0;  // one behind the slot that was put last
        std::uint32_t gone_from = 0;
        std::uint32_t looks_left = looks_per_piece;
        std::uint32_t told = 0;

        // How many more can be looked at.
        std::size_t room() const;
    };

    void before_removal(std::uint32_t slot) override;

    void greet(Viewer& viewer, std::string_view follow);
    void resume_from(Viewer& viewer, std::string_view last) const;
    void end(Viewer& viewer);
    void release(Viewer& viewer);

    void wake();
    void sleep();
    void on_pass_due();
    std::int64_t moves_per_pass() const;
    void run();
    void look_up();
    void look_up(const table::Record& record);
    Viewer* next();
    void begin_pass(Viewer& viewer);
    static void end_pass(Viewer& viewer);
    void tell(Viewer& viewer);
    void walk(Viewer& viewer, Piece& piece);
    std::span<const std::uint32_t> take_slots(Viewer& viewer, std::span<std::uint32_t> out);
    void put(const Viewer& viewer, std::uint32_t slot, Piece& piece);
    bool shows(const Viewer& viewer, std::uint32_t slot, std::int64_t wall_ns) const;
    void put_move(Piece& piece, std::uint32_t slot) const;
    static void put_gone(Piece& piece, std::uint32_t slot);
    std::uint32_t server_index(std::string_view name) const;
    void put_id(protocol::TextWriter& out, const Told& told) const;

    Core& core_;
    std::span<const config::Server> servers_;
    reactor::Slab<Viewer> viewers_;
    // Of each viewer the slots
    Marks changed_;                            // that a pass has to look at,
    Marks shown_;                              // whose clients it shows,
    Marks forgotten_;                          // and of these, whose are no more.
    std::optional<table::FeedCursor> cursor_;  // While anybody looks on.
    bool looking_up_ = false;
    std::uint64_t target_ = 0;     // What had changed by then is looked up.
    std::uint64_t looked_up_ = 0;  // What has changed by then was.
    reactor::PageArray<char> moves_;
    reactor::PageArray<char> gone_;
    reactor::PageArray<char> piece_;
    reactor::PageArray<char> state_;
    std::size_t state_size_ = 0;
    std::uint32_t turn_ = 0;  // The viewer who was told last.
    // Positions that may still be told until the next pass is due. The last piece may go below 0,
    // which the next passes pay.
    std::int64_t moves_left_ = 0;
    reactor::Timer pass_;
    reactor::Task task_;
};

}  // namespace herd::map
