// Package suite has the scenarios of the bench suite and runs them.
//
// A scenario sets the engine against baselines that do the same work. One run of a scenario is a heat for each of them, one after
// the other in turns that rotate from run to run; figures are compared within a run only, and the median of the runs counts.
// In a heat the contestant is a process of its own, started for it, and so are the target and the load.
//
// Every heat is judged before its figures count: each record must have been taken by every end that it was meant for, and each
// record that was taken in must have an outcome. What is missing makes the whole suite fail.
package suite
