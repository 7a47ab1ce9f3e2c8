package page

import "text/template/parse"

// spoken lists the keys that a piece of a template names.
func spoken(n parse.Node) []Key {
	var keys []Key
	walk(n, func(n parse.Node) {
		c, ok := n.(*parse.CommandNode)
		if !ok || len(c.Args) < 2 {
			return
		}
		f, ok := c.Args[0].(*parse.IdentifierNode)
		if k, isText := c.Args[1].(*parse.StringNode); ok && isText && (f.Ident == "t" || f.Ident == "rich") {
			keys = append(keys, Key(k.Text))
		}
	})
	return keys
}

// walk visits a node and all that is in it.
func walk(n parse.Node, visit func(parse.Node)) {
	visit(n)
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, each := range n.Nodes {
				walk(each, visit)
			}
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, visit)
		}
	case *parse.IfNode:
		branch(&n.BranchNode, visit)
	case *parse.RangeNode:
		branch(&n.BranchNode, visit)
	case *parse.WithNode:
		branch(&n.BranchNode, visit)
	case *parse.PipeNode:
		for _, each := range n.Cmds {
			walk(each, visit)
		}
	case *parse.CommandNode:
		for _, each := range n.Args {
			walk(each, visit)
		}
	}
}

func branch(n *parse.BranchNode, visit func(parse.Node)) {
	walk(n.Pipe, visit)
	walk(n.List, visit)
	if n.ElseList != nil {
		walk(n.ElseList, visit)
	}
}
