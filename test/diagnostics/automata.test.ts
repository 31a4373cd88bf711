/** Automata that are no automata: names, types, sizes, sets without members, and members that are two paths. */
import { cases } from "./harness.ts";

/** A structure with this automaton, used at n = 4 and k = 2. */
const used = (automaton: string, embedding = "x: binary[n]", structure = "Mine(4, 2)") => `
structure Mine(n, k) {
  embedding ${embedding}
  require k >= 1
${automaton}
}
model M() {
  latent z: ${structure} ~ Gumbel(0) relax ExpFamily at 1
  minimize sum(z)
}`;

cases({
  "an automaton is fine": used(`
  automaton over i in 0..n {
    state (count: 0..k, last: bool) from (0, false) to (k, _)
    (c, _) -> (c, false)
    (c, p) -> (c + 1, true)   emits x[i]
  }`),
  names: used(`
  automaton over i in 0..m {                     //~ unknown-name «m»: there is no m here
    state (count: 0..kk, count: bool) from (0, q) to (k, _)
    //~^ unknown-name «kk»: there is no kk here
    //~^^ duplicate-name: count is already declared in this state
    //~^^^ unknown-name «q»: there is no q here
    (c, i) -> (c, false)  when d > 0             //~ duplicate-name «i»: i is already declared in this transition
    //~^ unknown-name «d»: there is no d here
    (c, c) -> (c + 1, true)  emits x[j] if p     //~ duplicate-name «c»: c is already declared in this transition
    //~^ unknown-name «j»: there is no j here
    //~^^ unknown-name «p»: there is no p here
  }`),
  "no transitions": used(`
  automaton over i in 0..n {                     //~ missing-clause: an automaton without transitions has no paths
    state (count: 0..k) from (0) to (k)
  }`),
  "states and patterns of different lengths": used(`
  automaton over i in 0..n {
    state (count: 0..k, last: bool) from (0, false) to (k, _)
    (c) -> (c, false)  //~ shape-mismatch: the state on the left has 1 value
  }`),
  "a first state that there is none of": used(`
  automaton over i in 0..n {
    state (count: 0..k) from (0) to (k + 1)    //~ bad-index «k + 1»: there is no state with count = 3
    (c) -> (c)
    (c) -> (c + 1) emits x[i]
  }`),
  "types of states": used(`
  automaton over i in 0..n {
    state (count: 0..k, last: bool) from (0, false) to (k, _)
    (c, p) -> (c, c)                   //~ type-mismatch «c»: this must be true or false, but it is a number
    (c, p) -> (c + 1, true)  emits x[i]
  }`),
  "conditions that are none": used(`
  automaton over i in 0..n {
    state (count: 0..k) from (0) to (k)
    (c) -> (c)
    (c) -> (c + 1)  when c + 1  emits x[i]  //~ type-mismatch «c + 1»: this must be true or false, but it is a number
  }`),
  "parts that there are none of": used(
    `
  automaton over i in 0..n {
    state (count: 0..k) from (0) to (k)
    (c) -> (c)
    (c) -> (c + 1) emits items[i]     //~ unknown-name «items»: the embedding has no part items => did you mean item?
  }`,
    "item: binary[n]",
  ),
  "what is emitted is an element": used(`
  automaton over i in 0..n {
    state (count: 0..k) from (0) to (k)
    (c) -> (c)
    (c) -> (c + 1) emits x[i, 0]               //~ shape-mismatch «x[i, 0]»: x has 1 dimension, but 2 indices are given
  }`),
  "an element that is not there": used(`
  automaton over i in 0..n {
    state (count: 0..k) from (0) to (k)
    (c) -> (c)
    (c) -> (c + 1) emits x[i + 1]
    //~^ bad-index «i + 1»: i + 1 is 4, but x has 4 there => leave such moves out with when
  }`),
  "the ends of states are included": used(
    `
  automaton over i in 0..n {
    state (tag: 0..k) from (0) to (_)
    (a) -> (b) emits x[i, b]                  //~ bad-index «b»: b is 2, but x has 2 there
  }`,
    "x: binary[n, k]",
  ),
  "no positions": used(`
  automaton over i in k..2 {                  //~ bad-size «k..2»: an automaton needs positions to run over
    state (count: 0..k) from (0) to (k)
    (c) -> (c + 1) emits x[i]
  }`),
  "an empty set": used(
    `
  automaton over i in 0..n {                  //~ requirement: Mine(4, 5) has no members => require of the arguments
    state (count: 0..k) from (0) to (k)
    (c) -> (c)
    (c) -> (c + 1) emits x[i]
  }`,
    "x: binary[n]",
    "Mine(4, 5)",
  ),
  "too many moves": used(
    `
  automaton over i in 0..n {                  //~ too-large: the automaton of Mine(50000, 20000) has too many moves
    state (count: 0..k) from (0) to (k)
    (c) -> (c)
    (c) -> (c + 1) emits x[i]
  }`,
    "x: binary[n]",
    "Mine(50000, 20000)",
  ),
  "a state with too many values": used(`
  automaton over i in 0..n {
    state (count: 0..k * 10 ^ 9) from (0) to (0)   //~ too-large «0..k * 10 ^ 9»: count has 2000000001 values
    (c) -> (c) emits x[i]
  }`),
  "nothing is emitted": used(`
  automaton over i in 0..n {                  //~ bad-clause: the automaton of Mine(4, 2) never emits an element
    state (count: 0..k) from (0) to (k)
    (c) -> (c + 1) when i < k
    (c) -> (c) when i >= k
  }`),
  "two transitions with one meaning": used(`
  automaton over i in 0..n {
    state (count: 0..k) from (0) to (k)
    (c) -> (c)
    (c) -> (c + 1) emits x[i]
    (c) -> (c + 1) when c > 0 emits x[i]
    //~^ bad-clause: two paths of the automaton of Mine(4, 2) are the same member => let one of them be left out by when
  }`),
  "two ways with one meaning that meet again": used(`
  automaton over i in 0..n {
    state (count: 0..k, side: bool) from (0, false) to (k, _)
    (c, s) -> (c, s)
    (c, s) -> (c + 1, false) emits x[i]
    //~^ bad-clause: two paths of the automaton of Mine(4, 2) are the same member
    (c, s) -> (c + 1, true) when not s emits x[i]
  }`),
  "two ways with one meaning that end apart": used(`
  automaton over i in 0..n {             //~ bad-clause: two paths of the automaton of Mine(4, 2) are the same member
    state (count: 0..k, side: bool) from (0, _) to (k, _)
    (c, s) -> (c, s)
    (c, s) -> (c + 1, s) emits x[i]
  }`),
  "an element that a path picks twice": used(`
  automaton over i in 0..n {
    state (count: 0..k) from (0) to (k)
    (c) -> (c)
    (c) -> (c + 1) emits x[c % 1]        //~ bad-clause: a path picks one element of the embedding twice
  }`),
  "a declared count that is wrong": used(`
  count n ^ k                            //~ bad-clause «n ^ k»: Mine(4, 2) has 6 members by its automaton, not 16
  automaton over i in 0..n {
    state (count: 0..k) from (0) to (k)
    (c) -> (c)
    (c) -> (c + 1) emits x[i]
  }`),
  "sizes of examples in automata": `
structure Elsewhere(n, size = n) {
  embedding x: binary[n]
  automaton over i in 0..size {
    state (count: 0..size) from (0) to (_)   //~ bad-size «0..size»: the size of an example is how many positions
    (c) -> (c)
    (c) -> (c + 1) emits x[i]
  }
}
structure Halved(n, size = n) {
  embedding x: binary[n]
  automaton over i in 0..floor(size / 2) {
  //~^ bad-size «0..floor(size / 2)»: the size of an example is how many positions => write automaton over i in 0..size
    state (odd: bool) from (false) to (_)
    (p) -> (p)
    (p) -> (not p) emits x[i]
  }
}
structure Listed(n, size = n) {
  embedding x: binary[n]
  automaton over i in 0..size {    //~ bad-size: Listed(4, size = length) cannot be of another size => give a number as its size
    state (some: bool) from (false) to (_)
    (s) -> (s)
    (s) -> (true)  when i < 2  emits x[(i ^ 2) % n]
  }
}
structure Unread(n, size = n) {
  embedding x: binary[n]
  automaton over i in 0..n {
  //~^ bad-size «0..n»: the automaton of a structure with a size runs over as many positions => write automaton over
    state (odd: bool) from (false) to (_)
    (p) -> (p)
    (p) -> (not p) emits x[i]
  }
}
model M(n = 4) {
  data length: i32
  latent d: Unread(n, size = 3) ~ Gumbel(0)
  latent a: Elsewhere(n, size = length) ~ Gumbel(0)
  latent b: Halved(n, size = length) ~ Gumbel(0)
  latent c: Listed(n, size = length) ~ Gumbel(0)
  minimize sum(a) + sum(b) + sum(c) + sum(d)
}`,
});
