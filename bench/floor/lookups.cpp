#include "bench/floor/lookups.hpp"

#include <curl/curl.h>

#include <sys/epoll.h>

namespace bench::floor {

namespace {

// As long as the herd's.
constexpr long connect_timeout_ms = 2000;
constexpr long timeout_ms = 4000;

std::uint32_t events_of(int what) {
    std::uint32_t events = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= EPOLLOUT;
    return events;
}

}  // namespace

struct Lookups::Callbacks {
    static int on_socket(CURL* /*easy*/, curl_socket_t fd, int what, void* owner, void* /*own*/) {
        auto& lookups = *static_cast<Lookups*>(owner);
        const auto at = lookups.sockets_.try_emplace(fd, lookups, fd).first;
        at->second.want(events_of(what));
        return 0;
    }
    static int on_timer(CURLM* /*multi*/, long in_ms, void* owner) {
        auto& lookups = *static_cast<Lookups*>(owner);
        lookups.due_ = in_ms == 0;
        if (in_ms > 0 && !lookups.asleep_) {
            lookups.asleep_ = true;
            lookups.loop_.later(lookups);
        }
        return 0;
    }
    static std::size_t on_body(const char* bytes, std::size_t /*one*/, std::size_t size, void* to) {
        static_cast<Slot*>(to)->body.append(bytes, size);
        return size;
    }
};

void Lookups::Socket::want(std::uint32_t events) {
    if (events == 0) {
        if (watched_) lookups_.loop_.forget(descriptor_);
    } else if (watched_) {
        lookups_.loop_.change(descriptor_, events, *this);
    } else {
        lookups_.loop_.watch(descriptor_, events, *this);
    }
    watched_ = events != 0;
}

bool Lookups::Socket::ready(std::uint32_t events) {
    int what = 0;
    if ((events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
    if ((events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if (broken(events)) what |= CURL_CSELECT_ERR;
    lookups_.act(descriptor_, what);
    return true;
}

Lookups::Lookups(EventLoop& loop, Port places)
    : loop_{loop},
      base_{"http://127.0.0.1:" + std::to_string(places) +
            "/maps/api/place/nearbysearch/json?location="},
      multi_{curl_multi_init()} {
    if (multi_ == nullptr) die("curl_multi_init");
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Callbacks::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Callbacks::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

Lookups::~Lookups() {
    for (const Slot& slot : slots_) {
        curl_multi_remove_handle(multi_, slot.easy);
        curl_easy_cleanup(slot.easy);
    }
    curl_multi_cleanup(multi_);
}

Lookups::Slot& Lookups::free_slot() {
    if (!free_.empty()) {
        Slot& slot = *free_.back();
        free_.pop_back();
        slot.body.clear();
        return slot;
    }
    Slot& slot = slots_.emplace_back();
    slot.easy = curl_easy_init();
    if (slot.easy == nullptr) die("curl_easy_init");
    curl_easy_setopt(slot.easy, CURLOPT_PRIVATE, &slot);
    curl_easy_setopt(slot.easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(slot.easy, CURLOPT_PROXY, "");
    curl_easy_setopt(slot.easy, CURLOPT_WRITEFUNCTION, &Callbacks::on_body);
    curl_easy_setopt(slot.easy, CURLOPT_WRITEDATA, &slot);
    curl_easy_setopt(slot.easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(slot.easy, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    return slot;
}

void Lookups::begin(std::string_view location, Asker& asker) {
    Slot& slot = free_slot();
    slot.asker = &asker;
    const std::size_t second = location.find_first_of("+-", 1);
    std::string url = base_;
    for (std::string_view degrees : {location.substr(0, second), location.substr(second)}) {
        if (degrees.starts_with('+')) degrees.remove_prefix(1);
        url.append(degrees).append(",");
    }
    url.pop_back();
    curl_easy_setopt(slot.easy, CURLOPT_URL, url.append("&radius=10000").c_str());
    curl_multi_add_handle(multi_, slot.easy);
    if (due_) act(CURL_SOCKET_TIMEOUT, 0);
}

void Lookups::forget(const Asker& asker) {
    for (Slot& slot : slots_) {
        if (slot.asker == &asker) slot.asker = nullptr;
    }
}

bool Lookups::ready(std::uint32_t /*events*/) {
    return true;
}

void Lookups::again() {
    asleep_ = false;
    act(CURL_SOCKET_TIMEOUT, 0);
}

void Lookups::act(int descriptor, int events) {
    int running = 0;
    curl_multi_socket_action(multi_, descriptor, events, &running);
    while (due_) {
        due_ = false;
        curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    hand_over();
}

void Lookups::hand_over() {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
        Slot* slot = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
        curl_multi_remove_handle(multi_, slot->easy);
        free_.push_back(slot);
        if (slot->asker == nullptr) continue;
        Asker& asker = *slot->asker;
        slot->asker = nullptr;
        asker.answered(slot->body);
    }
}

}  // namespace bench::floor
