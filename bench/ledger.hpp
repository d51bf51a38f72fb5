#pragma once

#include <cstdint>
#include <vector>

namespace bench {

// Which reports of which client were sent. Stamps of one client increase.
class Ledger {
public:
    explicit Ledger(std::uint32_t clients) : newest_(clients, 0), count_(clients, 0) {}

    void send(std::uint32_t client, std::int64_t stamp) {
        newest_[client] = stamp;
        ++count_[client];
        ++total_;
    }

    std::uint32_t clients() const { return static_cast<std::uint32_t>(newest_.size()); }
    std::int64_t newest(std::uint32_t client) const { return newest_[client]; }
    std::uint64_t count(std::uint32_t client) const { return count_[client]; }
    std::uint64_t total() const { return total_; }

private:
    std::vector<std::int64_t> newest_;  // 0: none
    std::vector<std::uint32_t> count_;
    std::uint64_t total_ = 0;
};

// What a report is to the observer that it comes to.
enum class Arrival : std::uint8_t {
    newest,     // newer than all that has come from that client
    duplicate,  // the same as the newest
    overtaken,  // older than the newest; counts as having come
};

// Which of them have come to one observer.
class Arrivals {
public:
    struct Shortfall {
        std::uint64_t missing = 0;        // reports that never came
        std::uint64_t superseded = 0;     // of these: the client's newest did come
        std::uint64_t stale_clients = 0;  // clients whose newest never came
    };

    explicit Arrivals(std::uint32_t clients) : newest_(clients, 0), count_(clients, 0) {}

    Arrival arrive(std::uint32_t client, std::int64_t stamp) {
        if (stamp == newest_[client]) {
            ++duplicates_;
            return Arrival::duplicate;
        }
        ++count_[client];
        ++total_;
        if (stamp < newest_[client]) {
            ++overtaken_;
            return Arrival::overtaken;
        }
        newest_[client] = stamp;
        return Arrival::newest;
    }
    // Nothing has come, as after a restart.
    void forget() { *this = Arrivals(static_cast<std::uint32_t>(newest_.size())); }

    Shortfall compare(const Ledger& sent) const {
        Shortfall shortfall;
        for (std::uint32_t client = 0; client < sent.clients(); ++client) {
            const bool stale = newest_[client] < sent.newest(client);
            const std::uint64_t came = count_[client];
            const std::uint64_t missing = sent.count(client) > came ? sent.count(client) - came : 0;
            shortfall.missing += missing;
            shortfall.superseded += stale ? 0 : missing;
            shortfall.stale_clients += stale ? 1 : 0;
        }
        return shortfall;
    }

    std::uint32_t clients() const { return static_cast<std::uint32_t>(newest_.size()); }
    std::int64_t newest(std::uint32_t client) const { return newest_[client]; }
    std::uint64_t total() const { return total_; }
    std::uint64_t duplicates() const { return duplicates_; }
    std::uint64_t overtaken() const { return overtaken_; }

private:
    std::vector<std::int64_t> newest_;  // 0: none
    std::vector<std::uint32_t> count_;
    std::uint64_t total_ = 0;
    std::uint64_t duplicates_ = 0;
    std::uint64_t overtaken_ = 0;
};

}  // namespace bench
