#pragma once

#include "tests/sim/random.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

// A stream of a fake broker: the newest message of each subject, numbered as they come. It fails
// as real ones have been seen to: brought back by a broker that was killed it may lack the latest
// messages, or have older ones for newer, whose subjects then swallow whatever is published on
// them, acknowledged all the same, until they are purged.
class FakeBucket {
public:
    struct Terms {
        std::string name;
        std::string subjects;
        bool on_disk = false;
        std::int64_t max_bytes = -1;  // -1: any
        std::int64_t duplicate_window_ns = 0;
        bool deny_purge = false;
        std::string text = {};  // as they were asked for
    };
    struct Message {
        std::uint64_t seq = 0;
        std::string subject = {};
        std::string headers = {};
        std::string payload = {};

        std::size_t size() const { return subject.size() + headers.size() + payload.size() + 40; }
    };
    enum class Put : std::uint8_t {
        stored,     // or said to be
        duplicate,  // one of the same Nats-Msg-Id was stored a while ago
        full,       // of others, and the subject is new
    };

    FakeBucket(Terms terms, std::string created);

    const Terms& terms() const { return terms_; }
    // Of another one of the same name it is another.
    const std::string& created() const { return created_; }
    std::uint64_t last_seq() const { return last_seq_; }
    std::uint64_t bytes() const { return bytes_; }
    const std::map<std::uint64_t, Message>& messages() const { return messages_; }
    // The number of what is answered is last_seq(). Dropped: it is only said to be stored.
    Put put(Message message, std::int64_t now_ns, bool dropped);
    const Message* find(const std::string& subject) const;
    // How many there were. An empty filter: all.
    std::size_t purge(std::string_view filter);
    bool swallows(const std::string& subject) const { return swallowing_.contains(subject); }

    // From now on it takes all.
    void make_room() { terms_.max_bytes = -1; }

    // What is still to be found out to swallow something takes it.
    void mend() { swallowing_.clear(); }

    // What becomes of it in a crash. Some subjects have older messages again, and take no others.
    void go_back(Random& random, unsigned percent);
    // The latest messages are lost, their numbers are given again.
    void lose_latest(Random& random);
    // One message is lost, and nobody is told.
    void lose_one(Random& random);

private:
    void keep(Message message);
    void drop(const std::string& subject);

    Terms terms_;
    std::string created_;
    std::map<std::uint64_t, Message> messages_;
    std::map<std::string, std::uint64_t> newest_;       // By subject, of messages_.
    std::map<std::string, std::vector<Message>> past_;  // What was there before, oldest first.
    std::map<std::string, std::int64_t> ids_;           // Of Nats-Msg-Id: when it was stored.
    std::set<std::string> swallowing_;
    std::uint64_t last_seq_ = 0;
    std::uint64_t bytes_ = 0;
};

// Whether the filter, whose words may be `*` and whose last one may be `>`, takes the subject.
bool takes(std::string_view filter, std::string_view subject);

}  // namespace sim
