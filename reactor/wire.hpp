#pragma once

#include "reactor/blocks.hpp"
#include "reactor/delegate.hpp"
#include "reactor/list.hpp"
#include "reactor/loop.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/seal.hpp"
#include "reactor/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace reactor {

class Stream;

// The memory that all streams of one loop share, and the order in which they send.
//
// One receive buffer: a read lands there, is handed on, and what is not consumed at once moves to
// borrowed blocks. One send buffer: streams write their answers at its end, each an unbroken span;
// the flush phase sends each span with one system call. Before that flush, and before any other
// that a full buffer forces, `first` runs: what must be on its way before an answer is. It sends by
// send_now(), and reserves no more than room(), which forces no other flush.
//
// Of streams that are sealed it owns the seals, and a second receive buffer, for sealed bytes: they
// are opened from there into the first one. So no stream is larger for it.
//
// Lives as long as the loop; every stream dies before it.
// Invariant: the spans stand in the send buffer one behind the other, from its start to send_used_;
// while there are any, the flush is posted. The same goes for each other list and its task.
class Wire {
public:
    struct Limits {
        std::size_t receive_size = std::size_t{64} << 10;
        std::size_t send_size = std::size_t{512} << 10;
        std::uint32_t blocks = 4096;
        std::uint32_t blocks_reserved = 64;
        std::uint32_t watches = 0;  // of the loop; 0: no stream is ever sealed
    };
    // Bytes of answers, without a pause between them, that end a stream's turn: so what one that
    // does not read may hold is bounded by this and one answer.
    static constexpr std::uint32_t answers_max = std::uint32_t{64} << 10;
    // An iteration that has lasted for longer gives no more turns to those who have had one, but
    // for the first of them; they have the next iterations.
    static constexpr Duration turns_time = std::chrono::microseconds(250);

    struct Counters {
        std::uint64_t receives = 0, bytes_in = 0;
        std::uint64_t sends = 0, bytes_out = 0;
        std::uint64_t turns_cut = 0;         // deliveries that left some for a later turn
        std::uint64_t blocks_exhausted = 0;  // connections closed for want of a block
        std::uint64_t inputs_stuck = 0;      // whose owner took nothing of a full buffer
        std::uint64_t seals_broken = 0;      // connections closed for what nobody had sealed
    };

    explicit Wire(Loop& loop);

    Result<void> open(const Limits& limits);
    void send_first(Delegate<void()> first) { first_ = first; }

    // `relieve` is called when a stream wants a block and there is none for it: it may abort one
    // that holds many, and returns whether it has. The pool is nobody's who came first.
    void relieve_with(Delegate<bool()> relieve) { relieve_ = relieve; }
    // For those who borrow without a stream: false, nobody can be made to give any back.
    bool make_room() { return relieve_ && relieve_(); }

    // Lets go of all that is corked with this mark or an earlier one.
    void uncork(std::uint64_t mark);

    // Makes the flush phase run in this iteration. Idempotent.
    void post_flush() { flush_task_.post(); }

    // About once a second: memory that blocks have not needed lately goes back to the machine.
    void trim() { blocks_.trim(); }

    Loop& loop() { return loop_; }
    BlockPool& blocks() { return blocks_; }
    const BlockPool& blocks() const { return blocks_; }
    const Counters& counters() const { return counters_; }
    const Limits& limits() const { return limits_; }

    // Ends the process when the invariant does not hold: of the wire, and of each stream that is in
    // one of its lists or has a part of the send buffer. Between two iterations.
    void check() const;

    // Whole seconds of the loop's time: the resolution of the streams' deadlines.
    std::uint32_t seconds() const;

private:
    friend class Stream;
    struct Span {
        Stream* stream;
        std::uint32_t offset, size;
    };
    static constexpr std::uint32_t spans_max = 4096;

    std::span<char> reserve(std::size_t size);
    std::size_t room() const { return span_count_ == spans_max ? 0 : send_.size() - send_used_; }
    void commit(Stream& stream, std::size_t size);
    void flush();
    void send_spans();
    void deliver_resumed();
    void give_turns(List<Stream>& waiting);
    void reclaim_dead();
    void keep_seal(WatchId watch, SealPtr seal);
    void drop_seal(WatchId watch);
    Seal& seal_of(WatchId watch);
    template <class Check>
    static void check_list(const List<Stream>& list, bool posted, Check check);

    Loop& loop_;
    Limits limits_;
    Counters counters_;
    BlockPool blocks_;
    PageArray<char> receive_;  // Has room for one record beyond receive_size.
    PageArray<char> sealed_;
    PageArray<SealPtr> seals_;  // By watch.
    PageArray<char> send_;
    PageArray<Span> spans_;
    std::size_t send_used_ = 0;
    std::uint32_t span_count_ = 0;
    std::uint64_t mark_ = 0;  // The latest that anything was corked with.
    bool flushing_ = false;
    Delegate<void()> first_;
    Delegate<bool()> relieve_;
    List<Stream> resumed_;  // Held input to deliver though no descriptor says so.
    List<Stream> yielded_;  // The same, of those who have had a turn: in turns.
    List<Stream> corked_;   // By mark.
    List<Stream> dead_;     // Descriptor closed; on_closed is still owed.
    Task deliver_task_;
    Task flush_task_;
    Task reclaim_task_;
};

}  // namespace reactor
