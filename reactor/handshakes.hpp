#pragma once

#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/helper.hpp"
#include "reactor/list.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/seal.hpp"
#include "reactor/slab.hpp"
#include "reactor/socket.hpp"
#include "reactor/time.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace reactor {

// Connections between accept, or connect, and their Stream: those whose hands are being shaken. A
// step of a handshake takes a millisecond of processor time, so a helper's thread makes it, unless
// its Seal says that little is left; the loop keeps the sockets, the limits and the time.
//
//   gathering --its first record is whole--> greeted --a Seal is free--> ready --> asked
//      (accepted ones only)                                                ^         |  |
//                                                                          +-waiting-+  |
//                                       gone <-- lingering <--refused--+---- judged ----+
//        handed over <--room for it-- done <---------------------------/
//
// One that is accepted has no Seal, and costs a slot only, until all of its first record has come
// and fewer than `shaking` have one: half a record costs its sender as much as us. Without a free
// slot the oldest goes of those that have not shown one for `told_min`; while there is none, those
// who come are better left in the kernel's queue. Whoever takes longer than `whole` goes.
// Those of a door that goes first begin before others, who leave them a quarter of `shaking`.
//
// With every place taken one that is waiting for its peer loses it to one that is greeted: first
// one of the address that waits with most, if those are two more than the other's; else any that
// has been waiting for longer than `patience`, but no neighbour to a stranger.
//
// A refused one is told why, as far as TLS tells, and read until its end: a connection that is
// closed at once takes back what was said. So is one that does not speak TLS, where that is not
// taken.
//
// None begins whose door has no room: it keeps its slot as long as nobody wants it who finds room.
// One that was done too late keeps it, too, and `whole` begins anew.
//
// Pinned. Owned by whoever owns the loop's other parts; every Door outlives it.
class Handshakes {
    struct Handshake;

public:
    struct Limits {
        std::uint32_t slots = 1024;  // connections
        std::uint32_t shaking = 32;  // of these with a Seal, accepted ones and dialled ones
        Duration whole = std::chrono::seconds(5);
        Duration patience = std::chrono::seconds(1);
        Duration told_min = std::chrono::milliseconds(100);
    };
    struct Counters {
        std::uint64_t begun = 0;
        std::uint64_t done = 0;
        std::uint64_t refused = 0;  // by either side
        std::uint64_t plain = 0;    // refused, as they did not speak TLS
        std::uint64_t timed_out = 0;
        std::uint64_t held_back = 0;  // times that takes() said no
        std::uint64_t displaced = 0;  // for want of a slot, or of a place among `shaking`
    };

    // What one who does not speak TLS is told, and a newline.
    static constexpr std::string_view speaks_tls = "? TLS is spoken here";

    // Valid for the call.
    struct Refusal {
        const Socket& socket;  // of the connection
        std::string_view why;
        bool plain = false;  // the other side does not speak TLS
    };

    // Where connections of one kind come from and go to.
    struct Door {
        Delegate<SealPtr()> make_seal = {};  // for an accepted one; null: none can be had now
        Delegate<void(Socket socket, SealPtr seal)> opened = {};
        Delegate<void(const Refusal& refusal)> refused = {};
        // Accepted ones that do not speak TLS, or say nothing at all, are opened without a seal.
        bool takes_plain = false;
        bool goes_first = false;
        // Whether one more can be opened; null: always. Who made it so calls resume().
        Delegate<bool()> has_room = {};
    };

    using Id = Handle<Handshake>;

    // `leave` is called last on the thread that makes the steps. What the seals' library keeps for
    // a thread is let go of there: else that thread does so by itself, perhaps while the program
    // ends and cleans the library up. Null: it keeps nothing.
    Handshakes(Loop& loop, const Limits& limits, void (*leave)(void*));
    ~Handshakes();

    // Once, first.
    Result<void> open();

    // Whether there is a slot for one more of this door, if need be another's.
    bool takes(const Door& door);
    // An accepted connection, whose peer speaks first. Without a slot it is closed.
    void accept(Socket socket, const Door& door);
    // A connection that was dialled. Its door is told of its end in any case, unless it is
    // cancelled.
    Id dial(Socket socket, SealPtr seal, const Door& door);
    // Of a dialled one: nobody is told. A stale id names nothing.
    void cancel(Id id);
    // The door may have room again: those who wait for it go on while it has, the first first.
    void resume(const Door& door);

    // About once a second: those that have taken too long end.
    void tick();

    std::uint32_t under_way() const { return slots_.size(); }
    std::uint32_t shaking() const { return shaking_; }
    const Counters& counters() const { return counters_; }

    // Ends the process when the invariant does not hold. Between two iterations.
    void check() const;

private:
    enum class State : std::uint8_t {
        gathering,
        greeted,
        ready,
        asked,
        waiting,
        done,
        lingering,
        cancelled,  // and still asked
    };

    struct Handshake : ListItem<Handshake> {
        Handshake(Handshakes& its_owner, const Door& its_door) : owner(its_owner), door(its_door) {}
        ~Handshake();

        void on_ready(Ready ready) { owner.on_ready(*this, ready); }

        Handshakes& owner;
        const Door& door;
        Socket socket;
        Watch watch;  // Ends before the socket does. Not while a step is made, or waited for.
        SealPtr seal;
        Address from;  // Of an accepted one.
        Instant end{};
        Instant waits_since{};  // For its peer.
        State state = State::gathering;
        std::uint8_t wanted = 1;  // Of its first bytes: for fewer the kernel does not wake us.
        bool accepted = false;
        bool sized = false;  // The kernel says "readable" when the first record is whole.
        Seal::Shaken shaken = Seal::Shaken::refused;  // By the latest step.
    };

    static bool has_room(const Door& door) { return !door.has_room || door.has_room(); }
    Handshake* begin(Socket socket, const Door& door);
    bool watch(Handshake& handshake, Interest interest);
    const Handshake* displaceable(const Door& door) const;
    bool make_room(const Door& door);
    void on_ready(Handshake& handshake, Ready ready);
    void gather(Handshake& handshake);
    void greet(Handshake& handshake);
    void take_plain(Handshake& handshake);
    void make_ready(Handshake& handshake);
    Handshake* next();
    Handshake* next_greeted();
    bool free_place(const Handshake& wants);
    std::uint32_t waiting_from(const Address& from) const;
    void ask_next();
    void on_done(const sys::Errand& errand);
    void judge(Handshake& handshake);
    static void hear_each_byte(Handshake& handshake);
    void finish(Handshake& handshake);
    void hand_over(Handshake& handshake);
    void refuse(Handshake& handshake, std::string_view why, bool plain = false);
    void linger(Handshake& handshake);
    void discard(Handshake& handshake);
    void drop(Handshake& handshake);
    void step_here(Handshake& handshake);
    void await_helper();
    static void step(void* argument);

    Loop& loop_;
    Limits limits_;
    Counters counters_;
    Helper helper_;
    void (*leave_)(void*);
    Slab<Handshake> slots_;
    List<Handshake> gathering_;      // The oldest first.
    List<Handshake> greeted_first_;  // Of doors that go first.
    List<Handshake> greeted_;
    List<Handshake> ready_;
    List<Handshake> done_;
    List<Handshake> waiting_;
    List<Handshake> shut_out_;   // Greeted, when their door had no room.
    std::uint32_t shaking_ = 0;  // Those that have a seal and are not done.
    bool ending_ = false;
};

}  // namespace reactor
