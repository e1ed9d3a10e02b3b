// Package process runs the parts of a measurement as processes of their own, so that what one costs is its own.
//
// A child is the same binary, which finds in its environment which role it plays, or another one that speaks the same way.
// The two talk in lines of JSON over the child's standard input and output. A contestant, which is what is measured, is led
// through these steps:
//
//	parent                         child
//	  task               ------>
//	                     <------   Ready     prepared, nothing is done yet
//	  "begin"            ------>             from here on its usage counts
//	                     <------   Started   it works; whoever feeds it may begin
//	  "rest"             ------>             only to measure what it costs when there is nothing to do: its usage counts anew
//	  "end"              ------>             only where the work has no end of its own, or it is to be cut off
//	                     <------   Report
//	  (end of input)     ------>   exits
//
// A child whose standard input ends gives up and exits, so that none outlives its parent.
package process
