#pragma once

#include "bench/floor/event_loop.hpp"
#include "bench/floor/sockets.hpp"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench::floor {

// Who waits for a lookup's answer.
class Asker {
public:
    Asker() = default;
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;
    virtual ~Asker() = default;

    virtual void answered(std::string_view body) = 0;
};

// Lookups at a Places service by libcurl's multi socket interface, on kept connections: what each
// costs at least whoever uses that. Times are told to libcurl late, by up to a pause of the loop.
class Lookups : public Handler {
public:
    Lookups(EventLoop& loop, Port places);
    ~Lookups() override;

    // `location` as in "+34.068930-118.445127". The asker is told once, unless it is forgotten.
    void begin(std::string_view location, Asker& asker);
    void forget(const Asker& asker);

    bool ready(std::uint32_t events) override;  // none: the sockets have handlers of their own
    void again() override;

private:
    // What libcurl calls; its own types stay out of here.
    struct Callbacks;
    // One of libcurl's connections. Not forgotten when libcurl is done with it: numbers come back.
    class Socket : public Handler {
    public:
        Socket(Lookups& lookups, int descriptor) : lookups_{lookups}, descriptor_{descriptor} {}
        bool ready(std::uint32_t events) override;
        void want(std::uint32_t events);

    private:
        Lookups& lookups_;
        int descriptor_;
        bool watched_ = false;
    };
    // An easy handle, and what it fetches now.
    struct Slot {
        void* easy = nullptr;
        Asker* asker = nullptr;
        std::string body;
    };

    Slot& free_slot();
    void act(int descriptor, int events);
    void hand_over();

    EventLoop& loop_;
    std::string base_;
    void* multi_;
    std::map<int, Socket> sockets_;
    std::deque<Slot> slots_;
    std::vector<Slot*> free_;
    bool due_ = false;     // libcurl wants to be called at once
    bool asleep_ = false;  // or later
};

}  // namespace bench::floor
