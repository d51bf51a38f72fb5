#pragma once

#include <cassert>

namespace reactor {

// One place in a List. An object derives from it once per kind of list it can be in (Tag tells
// them apart). Invariant: a linked item is in exactly one list and may not be destroyed.
template <class Tag>
class ListItem {
public:
    ListItem() = default;
    ListItem(const ListItem&) = delete;
    ListItem& operator=(const ListItem&) = delete;
    ~ListItem() { assert(!linked()); }

    bool linked() const { return next_ != nullptr; }

    void unlink() {
        assert(linked());
        assert(previous_->next_ == this);
        assert(next_->previous_ == this);
        previous_->next_ = next_;
        next_->previous_ = previous_;
        previous_ = next_ = nullptr;
    }

private:
    template <class T, class>
    friend class List;

    ListItem* previous_ = nullptr;
    ListItem* next_ = nullptr;
};

// Intrusive doubly linked list of objects that derive from ListItem<Tag>; owns none of them.
template <class T, class Tag = T>
class List {
    using Item = ListItem<Tag>;

public:
    List() { clear(); }
    List(const List&) = delete;
    List& operator=(const List&) = delete;
    // A list that dies lets go of its items: they outlive it only in shutdown.
    ~List() {
        while (pop() != nullptr) {
        }
        root_.previous_ = root_.next_ = nullptr;
    }

    bool empty() const { return root_.next_ == &root_; }
    T* front() { return empty() ? nullptr : owner(root_.next_); }
    const T* front() const { return empty() ? nullptr : owner(root_.next_); }

    void push_back(T& object) {
        Item& item = object;
        assert(!item.linked());
        item.previous_ = root_.previous_;
        item.next_ = &root_;
        root_.previous_->next_ = &item;
        root_.previous_ = &item;
    }

    // Takes the first item off; null when there is none.
    T* pop() {
        T* first = front();
        if (first != nullptr) static_cast<Item&>(*first).unlink();
        return first;
    }

    // The item behind `object`, or null at the end.
    T* next(T& object) {
        Item& item = object;
        assert(item.linked());
        return item.next_ == &root_ ? nullptr : owner(item.next_);
    }
    const T* next(const T& object) const {
        const Item& item = object;
        assert(item.linked());
        return item.next_ == &root_ ? nullptr : owner(item.next_);
    }

    // Takes over all items of `other`, behind those already here. What is appended to `other`
    // from then on stays there: a phase that runs a stolen list always ends.
    void steal(List& other) {
        assert(&other != this);
        if (other.empty()) return;
        Item* first = other.root_.next_;
        Item* last = other.root_.previous_;
        first->previous_ = root_.previous_;
        root_.previous_->next_ = first;
        last->next_ = &root_;
        root_.previous_ = last;
        other.clear();
    }

    // Ends the process when the invariant does not hold: each item is its neighbours' neighbour.
    void check() const {
        const Item* item = &root_;
        do {
            assert(item->next_ != nullptr);
            assert(item->next_->previous_ == item);
            item = item->next_;
        } while (item != &root_);
    }

private:
    static T* owner(Item* item) { return static_cast<T*>(item); }
    static const T* owner(const Item* item) { return static_cast<const T*>(item); }
    void clear() { root_.previous_ = root_.next_ = &root_; }

    Item root_;  // Neighbours of the first and the last item; never handed out.
};

}  // namespace reactor
