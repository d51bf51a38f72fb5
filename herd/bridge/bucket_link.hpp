#pragma once

#include "herd/bridge/patience.hpp"
#include "herd/bridge/reader.hpp"
#include "herd/bridge/shown.hpp"
#include "herd/bridge/slot_set.hpp"
#include "herd/bridge/subjects.hpp"
#include "herd/bridge/window.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/nats/connection.hpp"
#include "herd/nats/jetstream.hpp"
#include "herd/outcome.hpp"
#include "herd/table/follower.hpp"
#include "herd/watch/status.hpp"
#include "protocol/at_line.hpp"
#include "protocol/text_writer.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace herd::bridge {

// Joins the table to a bucket of NATS JetStream, which other herds are joined to, and anybody may
// read: what the table has, the bucket shows in the end, and the other way round. The table only
// goes up, by rules::newer; the bucket has what was written last. Hence
//
//   R1  a change of the table is published, unless the bucket shows that very line already;
//   R2  a line that the bucket shows, and that is newer, goes into the table;
//   R3  one that it shows, and that is older, or nobody's, has ours published again;
//   R4  an equal one: nothing.
//
// Each publication by R3 is newer than what was shown, so there is an end of them. The bucket is
// read first, and then the difference is published. A broker is believed for nothing that it does
// not show: what it has acknowledged, and does not show when the reader is level with it, is
// published again, then its key is purged and it is published once more, and then the log says that
// the key is sick. Every ten minutes all of it is read again, for what was lost without a word.
//
// Of a herd's bridges the second waits, before it publishes, for the first to do so.
// Nothing is queued: what is to be published is a follower of the change feed and a bit for each
// slot; what is on its way is bounded. So a broker that is slow or away costs no memory.
// Owned by the Server; what it is given outlives it.
class BucketLink final : public nats::Owner, private Reading {
public:
    // The run that the bucket's records come from: no neighbour's has this number.
    static constexpr std::uint32_t source = UINT32_MAX;
    // A broker that does not acknowledge for longer is dialled anew.
    static constexpr reactor::Duration acknowledgement_max = std::chrono::seconds(5);
    // What is acknowledged and passed may still be shown for so long.
    static constexpr reactor::Duration silence_time = std::chrono::milliseconds(300);
    // Of a loop.
    static constexpr std::uint32_t watches_max = nats::Connection::watches_max + 1;
    static constexpr std::uint32_t timers_max = nats::Connection::timers_max + 3;

    // `rank`: how many bridges of the herd go before this one. `sealing`: null, in the clear.
    BucketLink(Core& core,
               const config::Bridge& config,
               std::uint32_t rank,
               const nats::Sealing* sealing = nullptr);

    // Bytes that open() may map.
    static std::uint64_t memory_max(const config::Config& config);
    // Once, first: maps its memory and reads its secrets.
    Outcome<> open();
    // Begins to dial.
    void start();
    // Publishes no more.
    void stop();

    // Publishes what the bucket lacks, a bounded batch. Called in each flush.
    void pump();
    // About once a second.
    void tick();
    // Live, and something is still to be published or acknowledged.
    bool owes() const;

    bool live() const { return connection_.live() && reader_.live(); }
    // Adds what it knows.
    void describe(watch::Status& status) const;
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    using Delivery = protocol::nats::Delivery;
    using Purged = protocol::jetstream::Purged;

    // nats::Owner
    void on_live() override;
    void on_down(nats::Ended why) override;
    void on_room() override { core_.wire.post_flush(); }

    // Reading
    void on_reading(bool whole) override;
    void on_message(const Delivery& delivery) override;
    void on_read(bool whole) override;
    void on_idle() override;
    std::uint64_t keys() const override { return shown_.keys(); }
    std::uint64_t keys_forgotten() const override;
    void on_unreadable(Reopened why) override;

    bool is_of(const protocol::AtLine& line, const Delivery& delivery);
    void take(const protocol::AtLine& line);
    void on_not_newer(const protocol::AtLine& line, const table::Record& record);
    void refuse(const protocol::AtLine& line);
    void on_rubbish(std::string_view subject);
    void show(std::uint32_t slot, std::uint64_t digest);
    void contradict(std::uint32_t slot);

    void put_reply_prefix(protocol::TextWriter& out) const;
    bool publishes() const;
    bool has_room(std::uint32_t count) const;
    bool is_clear() const;
    std::optional<std::uint32_t> next_slot();
    // Whether the used slot's line lacks in the bucket.
    bool lacks(std::uint32_t slot) const;
    std::optional<std::uint32_t> next_lacking(std::uint32_t& looks);
    bool is_due(std::uint32_t slot);
    void put(std::uint32_t slot, bool last);
    void owe(std::uint32_t slot);
    void on_patience_over(std::uint32_t slot);
    void on_acknowledgement(const Delivery& delivery);
    void on_refused(std::uint64_t number, const protocol::jetstream::Refusal& refusal);
    void pause();
    void prove(std::uint64_t stream_seq);
    void on_passed(const Window::Publication& publication);
    void drop_window();

    void on_silence_over(std::uint32_t slot);
    void on_unseen(std::uint32_t slot);
    void heal();
    void say_healing(std::string_view word);
    void put_self(protocol::TextWriter& out) const;
    void on_healing(std::string_view text);
    void purge_next();
    void on_purged(const nats::Called<Purged>& called);
    void give_up(std::uint32_t slot);
    std::uint64_t much() const;
    void on_heal_timer();
    bool purge(std::string_view subject);
    void finish_healing();

    Core& core_;
    const config::Bridge& config_;
    std::uint32_t rank_;
    Subjects subjects_;
    nats::Options options_;
    nats::Connection connection_;
    nats::JetStream purges_;
    Reader reader_;
    table::Follower follower_;
    Shown shown_;
    Window window_;
    SlotSet due_;        // To be published.
    SlotSet heal_;       // To be purged.
    Patience patience_;  // To be published, unless a bridge before this one does.
    Patience silence_;   // Acknowledged and passed, and nothing of them was shown yet.
    std::optional<std::uint32_t> purging_;  // The slot whose key is being purged.
    std::uint64_t sid_ = 0;                 // of the acknowledgements
    bool has_read_ = false;                 // All of the bucket, once.
    bool due_first_ = false;                // Whose turn it is.
    bool stopped_ = false;
    bool healing_ = false;      // Keys are being purged.
    bool reread_ = false;       // Another bridge has purged some.
    std::uint32_t heals_ = 0;   // One after the other.
    std::uint64_t unseen_ = 0;  // Keys, since all of it was read.
    reactor::Timer heal_timer_;
    reactor::Instant held_until_{};  // Another bridge purges.
    reactor::Duration pause_{};
    reactor::Instant paused_until_{};
    reactor::Instant level_at_{};  // When the reader had read all that there was.
    reactor::Instant clear_at_{};  // When nothing was to be published, or on its way.
    std::uint64_t drops_ = 0;
};

}  // namespace herd::bridge
