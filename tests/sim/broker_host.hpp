#pragma once

#include "tests/sim/fake_bucket.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/units.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

// A broker of NATS with JetStream, as far as a bucket needs one: a host on the fake kernel that
// speaks what real ones speak, with numbers, heartbeats and flow control as theirs. What it does
// wrong is drawn: see Faults, and what is done to it from outside.
// Its streams are those of a disk, or of the run's memory.
class BrokerHost {
public:
    // In percent of what it concerns, while they are set.
    struct Faults {
        unsigned drops = 0;         // published, acknowledged, and stored nowhere
        unsigned silences = 0;      // published, stored, and never acknowledged
        unsigned swaps = 0;         // stored behind the next one, of another subject
        unsigned doubles = 0;       // pushed twice
        unsigned lies = 0;          // of what JetStream answers
        bool gives_ids = false;     // Publishers give each line an id of its own (Nats-Msg-Id).
        std::int64_t think_ns = 0;  // How long it takes to make a consumer, and does nothing else.
    };
    // What it says of all that is published, or asked of JetStream.
    enum class Mood : std::uint8_t {
        well,
        full,         // 10023: the server has no room, not even for what is known
        unavailable,  // 10008, and nothing published is answered: it has no leader
        absent,       // 503: nobody is there who has JetStream
    };

    BrokerHost(FakeKernel& kernel, Host host, std::uint16_t port, std::uint64_t seed);

    // Listens; whatever it has of a disk it has again.
    void start();
    // What the process has in memory is gone. Its connections end in the middle of a line, or
    // silently.
    void kill(bool silently);
    bool runs() const { return listener_ >= 0; }
    // Does nothing until then, as if it were stopped.
    void stall_until(std::int64_t time_ns) { stalled_until_ = time_ns; }

    // Hears and answers what has come, and pushes; false when there was nothing to do.
    bool turn();
    // When it has something to do by itself.
    std::int64_t wakes_ns() const;

    // Says something that is not so to somebody. Returns what, for a trace.
    std::string lie();
    // Closes one of its connections.
    void hang_up();

    // What another client of it does, which is connected at all times.
    void publish(const std::string& subject, const std::string& payload);
    void create(FakeBucket::Terms terms);
    void remove(const std::string& stream) { streams_.erase(stream); }
    // How many messages there were. An empty filter: all.
    std::size_t purge(const std::string& stream, std::string_view filter);
    FakeBucket* stream(const std::string& name);
    const FakeBucket* stream(const std::string& name) const;

    Faults faults;
    Mood mood = Mood::well;

    struct Seen {
        std::uint64_t published = 0;  // into streams
        std::uint64_t swallowed = 0;  // of these, acknowledged and stored nowhere
        std::uint64_t refused = 0;
        std::uint64_t pushed = 0;
        std::uint64_t purged = 0;  // calls
        std::uint64_t consumers = 0;
    };
    const Seen& seen() const { return seen_; }

private:
    struct Connection {
        int fd;
        std::string heard = {};
        std::string unsent = {};
        std::map<std::string, std::string> filters = {};  // By the subscription's number.
        std::vector<std::string> replies = {};            // Some that were asked for.
        bool greeted = false;
        bool ends = false;  // when all is sent
    };
    using Connections = std::list<Connection>;
    struct Publication {
        std::string subject;
        std::string reply;
        std::string headers;
        std::string payload;
    };
    struct Consumer {
        std::string name = {};
        std::string stream = {};
        std::string created = {};  // the stream's
        std::string deliver = {};
        std::string filter = {};
        std::int64_t heartbeat_ns = 0;
        bool flow_control = false;
        std::uint64_t next_seq = 1;
        std::uint64_t stream_seq = 0;  // of what it has sent last
        std::uint64_t count = 0;       // of what it has sent
        std::uint64_t in_window = 0;   // of these, since a flow control was answered
        std::string flow = {};         // where an answer to one is to go, if it waits for one
        std::int64_t spoke_ns = 0;
        std::int64_t heard_ns = 0;  // by somebody
    };

    // broker_host.cpp: connections, and the protocol of clients.
    void accept();
    bool exchange(Connection& connection);
    bool receive(Connection& connection);
    bool send(Connection& connection);
    bool take(Connection& connection);
    void take_publication(Connection& from, std::string_view line, bool headed);
    void end_with(Connection& connection, const std::string& error);
    void close(Connections::iterator connection);
    void say(Connection& connection, const std::string& text);
    Connections::iterator some_connection();

    // broker_streams.cpp: what is published, and what JetStream does with it.
    void route(const Publication& publication);
    std::size_t deliver(const Publication& publication);
    static bool listens(const Connection& connection, std::string_view subject);
    bool has_interest(std::string_view subject) const;
    void store(FakeBucket& bucket, const Publication& publication);
    void store_held();
    void answer_api(const Publication& request);
    std::string call(std::string_view name, const std::string& stream, const std::string& body);
    std::string state_of(const FakeBucket& bucket) const;
    std::string create_stream(const std::string& name, const std::string& body);
    std::string create_consumer(const std::string& stream, const std::string& body);
    void direct_get(const Publication& request, const std::string& rest);
    void reply(const std::string& to, const std::string& text);
    bool push(Consumer& consumer);
    bool push_next(Consumer& consumer, const FakeBucket& bucket);
    void push_message(Consumer& consumer,
                      const FakeBucket& bucket,
                      const FakeBucket::Message& message);
    void ask_for_flow(Consumer& consumer);
    void beat(const Consumer& consumer);

    // broker_lies.cpp
    std::string garbled(std::string answer);
    std::string invented(Connection& connection);
    std::string pushed_lie();

    FakeKernel& kernel_;
    Host host_;
    std::uint16_t port_;
    Random random_;
    std::string server_id_;
    int listener_ = -1;
    Connections connections_;
    std::map<std::string, FakeBucket> streams_;
    std::list<Consumer> consumers_;
    std::optional<Publication> held_;  // back, to be stored behind the next
    std::int64_t held_ns_ = 0;
    std::int64_t stalled_until_ = 0;
    std::uint64_t given_ = 0;  // numbers of names
    bool busy_ = false;        // A push has been cut short.
    Seen seen_;
};

}  // namespace sim
